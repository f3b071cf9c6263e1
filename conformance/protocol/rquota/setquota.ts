import { type Case, cases, linux, must } from '../case.ts';
import { equal } from '../expect.ts';
import { ALICE, BOB, ROOT } from '../target.ts';
import { GROUP_QUOTA, hasStatus, isNotTold, type QuotaVersion, type Setting, V2 } from './tools.ts';

/** Limits are for the server's administrator. By the network there is no telling who is one. */
export function setquotaCases(version: QuotaVersion, procedure: Setting): Case[] {
  const { program, set, ask } = version;
  const ofGroup = linux('of-group', "a group's limits by who is in it: Q_EPERM", async (t) => {
    hasStatus(await set(t, procedure, { id: ALICE.gid, type: GROUP_QUOTA }), 'Q_EPERM');
  });

  return cases({ program, procedure, clause: 'rquota.x' }, [
    must('own', 'nobody sets limits of their own: Q_EPERM', { clause: 'rpc.rquotad(8)' }, async (t) => {
      hasStatus(await set(t, procedure, { id: ALICE.uid }), 'Q_EPERM');
    }),
    must('of-others', "nor another's: Q_EPERM", { clause: 'rpc.rquotad(8)' }, async (t) => {
      hasStatus(await set(t, procedure, { id: ALICE.uid }, { user: BOB }), 'Q_EPERM');
    }),
    must('nothing-changed', 'the quota is as it was before', async (t) => {
      const before = await ask(t, 'GETQUOTA', { id: ALICE.uid });
      hasStatus(await set(t, procedure, { id: ALICE.uid }), 'Q_EPERM');
      equal('quota', (await ask(t, 'GETQUOTA', { id: ALICE.uid })).status, before.status);
    }),
    linux(
      'root-of-no-port',
      'who says to be root, by an ordinary port: Q_EPERM',
      { clause: 'rpc.rquotad(8)' },
      async (t) => {
        hasStatus(await set(t, procedure, { id: ALICE.uid }, { user: ROOT, privileged: false }), 'Q_EPERM');
      },
    ),
    must('missing-path', 'on a path that is not there: not Q_OK', async (t) => {
      const path = '/conformance-nobody/has/this';
      await isNotTold('a missing path', set(t, procedure, { id: ALICE.uid, path }, { user: ROOT }));
    }),
    ...(version === V2 ? [ofGroup] : []),
  ]);
}
