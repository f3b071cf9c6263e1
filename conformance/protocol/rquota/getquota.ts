import { type Case, cases, type Draft, linux, must } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal } from '../expect.ts';
import { newFile, writeAll } from '../nfs3/tools.ts';
import { ALICE, BOB, CAROL, ROOT } from '../target.ts';
import {
  type Asking,
  askAnonymously,
  type Caller,
  GROUP_QUOTA,
  hasStatus,
  isNotTold,
  type Question,
  type Quota,
  type QuotaVersion,
  quotaOf,
  V1,
  V2,
} from './tools.ts';

/** RQ_PATHLEN of `rquota.x`. */
const LONGEST_PATH = 1024;
const NOBODY = 0xffff_fffe;
const UNKNOWN_TYPE = 7;
const WRITTEN = 256 * 1024;

type Ask = (t: Context, question: Question, caller?: Caller) => Promise<Quota>;
const ALICES = { id: ALICE.uid };
const AS_ROOT = { user: ROOT };

export function getquotaCases(version: QuotaVersion, procedure: Asking): Case[] {
  const ask: Ask = (t, question, caller) => version.ask(t, procedure, question, caller);

  return cases({ program: version.program, procedure, clause: 'rquota.x' }, [
    must('own', 'everyone may ask for their own: the quota, or that there is none', async (t) => {
      hasStatus(await ask(t, ALICES), 'Q_OK', 'Q_NOQUOTA');
    }),
    must('by-root', "root may ask for everybody's", async (t) => {
      hasStatus(await ask(t, ALICES, AS_ROOT), 'Q_OK', 'Q_NOQUOTA');
    }),
    must('same-for-both', 'root is told the same as the user', async (t) => {
      equal('status', (await ask(t, ALICES, AS_ROOT)).status, (await ask(t, ALICES)).status);
    }),
    linux('of-others', "another's quota: Q_EPERM", { clause: 'rpc.rquotad(8)' }, async (t) => {
      hasStatus(await ask(t, ALICES, { user: BOB }), 'Q_EPERM');
    }),
    linux('of-root', "root's quota, for who is not root: Q_EPERM", { clause: 'rpc.rquotad(8)' }, async (t) => {
      hasStatus(await ask(t, { id: 0 }), 'Q_EPERM');
    }),
    linux('a-gid-is-no-uid', "a user's quota by who has a gid of that number: Q_EPERM", async (t) => {
      hasStatus(await ask(t, ALICES, { user: CAROL }), 'Q_EPERM');
    }),
    must('large-uid', 'a uid above 2 to the power of 31, by root', async (t) => {
      hasStatus(await ask(t, { id: NOBODY }, AS_ROOT), 'Q_OK', 'Q_NOQUOTA');
    }),
    linux('own-large-uid', 'the same by who has it: uids are unsigned', async (t) => {
      hasStatus(await ask(t, { id: NOBODY }, { user: { uid: NOBODY, gid: NOBODY } }), 'Q_OK', 'Q_NOQUOTA');
    }),
    must('missing-path', 'a path that is not there: nothing is told', async (t) => {
      await isNotTold('a missing path', ask(t, { ...ALICES, path: '/conformance-nobody/has/this' }, AS_ROOT));
    }),
    must('empty-path', 'a path of no bytes: nothing is told', async (t) => {
      await isNotTold('no path', ask(t, { ...ALICES, path: '' }, AS_ROOT));
    }),
    must('longest-path', 'a path of 1024 bytes: an answer', async (t) => {
      const path = `/${'x'.repeat(LONGEST_PATH - 1)}`;
      hasStatus(await ask(t, { ...ALICES, path }, AS_ROOT), 'Q_NOQUOTA', 'Q_EPERM');
    }),
    must('path-too-long', 'a longer path: nothing is told, and the server lives on', async (t) => {
      await isNotTold('too long a path', ask(t, { ...ALICES, path: `/${'x'.repeat(LONGEST_PATH)}` }, AS_ROOT));
      hasStatus(await ask(t, ALICES, AS_ROOT), 'Q_OK', 'Q_NOQUOTA');
    }),
    must('nul-in-path', 'a path with a NUL byte is no other path', { clause: 'RFC 4506 §4.11' }, async (t) => {
      const path = `${t.target.options.path}\0suffix`;
      await isNotTold('a NUL byte', ask(t, { ...ALICES, path }, AS_ROOT));
    }),
    must('no-credential', 'without a credential: nothing is told', { clause: 'RFC 5531 §9' }, async (t) => {
      const came = await askAnonymously(t, version, procedure);
      check(came.startsWith('AUTH_ERROR') || came === 'Q_EPERM', 'AUTH_ERROR or Q_EPERM', came);
    }),
    linux('ordinary-port', 'from an ordinary port, as quota(1) asks', { clause: 'quota(1)' }, async (t) => {
      hasStatus(await ask(t, ALICES, { privileged: false }), 'Q_OK', 'Q_NOQUOTA');
    }),
    linux('udp', 'by UDP, as quota(1) asks', { needs: ['udp'], clause: 'quota(1)' }, async (t) => {
      hasStatus(await ask(t, ALICES, { kind: 'udp' }), 'Q_OK', 'Q_NOQUOTA');
    }),
    ...numberCases(ask),
    ...(version === V2 ? groupCases(ask) : []),
  ]);
}

/** What a quota says. Not applicable where the storage keeps none. */
function numberCases(ask: Ask): Draft[] {
  return [
    must('numbers', 'blocks have a size, and no soft limit is above the hard one', async (t) => {
      const quota = quotaOf(await ask(t, ALICES, AS_ROOT));
      check(quota.rq_bsize > 0, 'a block size', `${quota.rq_bsize}`);
      for (const what of ['b', 'f'] as const) {
        const [soft, hard] = [quota[`rq_${what}softlimit`], quota[`rq_${what}hardlimit`]];
        check(hard === 0 || soft <= hard, `a soft limit up to ${hard}`, `${soft}`);
      }
    }),
    must('use-grows', 'what was written is counted, and the file', { needs: ['users'], alone: true }, async (t) => {
      const before = quotaOf(await ask(t, ALICES, AS_ROOT));
      await writeAll(t.nfs, await newFile(t), Buffer.alloc(WRITTEN, 'x'));
      const after = quotaOf(await ask(t, ALICES, AS_ROOT));
      const bytes = ({ rq_curblocks, rq_bsize }: typeof after) => rq_curblocks * rq_bsize;
      check(bytes(after) >= bytes(before) + WRITTEN, `${WRITTEN} bytes more`, `${bytes(after) - bytes(before)}`);
      check(after.rq_curfiles > before.rq_curfiles, 'a file more', `${after.rq_curfiles - before.rq_curfiles}`);
    }),
  ];
}

/** Version 2 asks for groups' quotas, too. */
function groupCases(ask: Ask): Draft[] {
  const group = (id: number) => ({ id, type: GROUP_QUOTA });
  return [
    must('own-group', "one's group's quota, or that there is none", async (t) => {
      hasStatus(await ask(t, group(ALICE.gid)), 'Q_OK', 'Q_NOQUOTA');
    }),
    must('further-group', 'that of a further group of the caller', async (t) => {
      hasStatus(await ask(t, group(ALICE.gid), { user: CAROL }), 'Q_OK', 'Q_NOQUOTA');
    }),
    linux('group-of-others', 'that of a group which the caller is not in: Q_EPERM', async (t) => {
      hasStatus(await ask(t, group(ALICE.gid), { user: BOB }), 'Q_EPERM');
    }),
    must('group-by-root', "root may ask for every group's", async (t) => {
      hasStatus(await ask(t, group(BOB.gid), AS_ROOT), 'Q_OK', 'Q_NOQUOTA');
    }),
    must('unknown-type', 'neither of a user nor of a group: nothing is told', async (t) => {
      await isNotTold('an unknown type', ask(t, { ...ALICES, type: UNKNOWN_TYPE }, AS_ROOT));
      await isNotTold('an unknown type', ask(t, { ...ALICES, type: -1 }, AS_ROOT));
    }),
    must('as-version-1', 'version 1 tells the same of a user', async (t) => {
      equal('status', (await ask(t, ALICES, AS_ROOT)).status, (await V1.ask(t, 'GETQUOTA', ALICES, AS_ROOT)).status);
    }),
  ];
}
