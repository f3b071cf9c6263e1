import { must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, ok } from '../expect.ts';
import { sattr } from '../housekeeping.ts';
import { attributesOf, BOB, CAROL, newFile } from '../nfs3/tools.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { authsys_parms, type opaque_auth, reply_msg } from '../programs/rpc.ts';
import { authSys, callMessage, exchange, NO_AUTH, type User } from '../rpc/client.ts';
import { refusalOf } from '../rpc/failures.ts';
import { ALICE, ROOT } from '../target.ts';
import { decode, encode } from '../wire.ts';
import { answerTo, getattrOf, nextIsServed, othersAreServed, reactionTo, rpcCases, words, xidOf } from './tools.ts';

const AUTH_SYS = 1;
const AUTH_SHORT = 2;
const AUTH_DH = 3;
const RPCSEC_GSS = 6;
const APPENDIX = { clause: 'RFC 5531 Appendix A' };
const FLAVORS = { clause: 'RFC 5531 §8.2, §9' };
const { READ, CREATE } = NFS3.procedures;

const parms = (set: Partial<ReturnType<typeof usual>> = {}): opaque_auth => ({
  flavor: AUTH_SYS,
  body: encode(authsys_parms, { ...usual(), ...set }),
});
const usual = () => ({ stamp: 0, machinename: 'conformance', uid: ALICE.uid, gid: ALICE.gid, gids: [] as number[] });

/** Throws unless a GETATTR with this credential is run. */
async function isTaken(t: Context, cred: opaque_auth): Promise<void> {
  const { body } = await exchange(await t.tcp(), getattrOf(t, { cred }));
  equal('the answer', refusalOf(body), 'SUCCESS');
}

/** Throws unless calls with these credentials are refused as AUTH_ERROR, and the connection goes on. */
async function isRefused(t: Context, ...each: readonly opaque_auth[]): Promise<void> {
  const tcp = await t.tcp();
  for (const cred of each) {
    const { body } = await exchange(tcp, getattrOf(t, { cred }));
    const answer = refusalOf(body);
    check(answer.startsWith('AUTH_ERROR'), `AUTH_ERROR for ${cred.body.length} bytes of flavor ${cred.flavor}`, answer);
  }
  await nextIsServed(tcp);
}

/** Messages that are no calls: refused in some way, or not answered at all, but never run. */
async function isNeverRun(t: Context, ...messages: readonly Buffer[]): Promise<void> {
  for (const message of messages) {
    const reaction = await reactionTo(await t.tcp(), message);
    check(reaction !== 'SUCCESS', 'a refusal, or a closed connection', reaction);
  }
  await othersAreServed(t);
}

/** READ as someone, of a file that is ALICE's alone: whether the data came. */
async function canRead(t: Context, cred: opaque_auth, file: Buffer): Promise<string> {
  const args = encode(READ.args, { file, offset: 0n, count: 100 });
  const { body } = await exchange(await t.tcp(), callMessage({ proc: READ.number, cred, args }));
  if (body.reply_stat !== 'MSG_ACCEPTED' || body.reply.accept_stat !== 'SUCCESS') return refusalOf(body);
  return decode(READ.res, body.reply.results).status;
}

/** Credentials and verifiers. */
export const CREDENTIALS = rpcCases('credentials', 'RFC 5531 §9', [
  must('sixteen-groups', 'AUTH_SYS with 16 groups, the most: taken', APPENDIX, async (t) => {
    await isTaken(t, parms({ gids: Array.from({ length: 16 }, (_, index) => 30_000 + index) }));
  }),
  must('seventeen-groups', 'AUTH_SYS with 17 groups and more: AUTH_ERROR', APPENDIX, async (t) => {
    const groups = [17, 32, 64].map((length) => Array.from({ length }, (_, index) => 30_000 + index));
    await isRefused(t, ...groups.map((gids) => parms({ gids })));
  }),
  must(
    'last-group-counts',
    'the sixteenth group gives its rights, as the first does',
    { ...APPENDIX, needs: ['root', 'users'] },
    async (t) => {
      const file = await newFile(t, 'file', { mode: 0o640, data: 'abc' });
      ok(await t.as(ROOT).SETATTR({ object: file, new_attributes: sattr({ gid: 30_015 }), guard: undefined }));
      const gids = Array.from({ length: 16 }, (_, index) => 30_000 + index);
      equal('READ', await canRead(t, authSys({ ...BOB, gids }), file), 'NFS3_OK');
      equal('READ without it', await canRead(t, authSys({ ...BOB, gids: gids.slice(0, 15) }), file), 'NFS3ERR_ACCES');
    },
  ),
  must('machine-names', 'machine names of 0, 1 and 255 bytes: taken', APPENDIX, async (t) => {
    for (const length of [0, 1, 3, 255]) await isTaken(t, parms({ machinename: 'm'.repeat(length) }));
  }),
  must('machine-name-bytes', 'machine names of any bytes: taken', APPENDIX, async (t) => {
    for (const machinename of ['\0', '\xff\xfe', '../../etc', '%n%s\n']) await isTaken(t, parms({ machinename }));
  }),
  must('machine-name-too-long', 'a machine name of 300 bytes: AUTH_ERROR', APPENDIX, async (t) => {
    await isRefused(t, parms({ machinename: 'm'.repeat(300) }));
  }),
  must('stamps', 'any stamp: taken', APPENDIX, async (t) => {
    for (const stamp of [0, 1, 0x7fff_ffff, 0xffff_ffff]) await isTaken(t, parms({ stamp }));
  }),
  must('sys-cut', 'AUTH_SYS cut off anywhere: AUTH_ERROR', APPENDIX, async (t) => {
    const { flavor, body } = parms({ machinename: 'four', gids: [1, 2, 3] });
    const cuts: opaque_auth[] = [];
    for (let length = 0; length < body.length; length += 4) cuts.push({ flavor, body: body.subarray(0, length) });
    await isRefused(t, ...cuts);
  }),
  must('sys-lengths-lie', 'AUTH_SYS with lengths beyond its end: AUTH_ERROR', APPENDIX, async (t) => {
    const bodies = [0xffff_ffff, 0x7fff_ffff, 0x100, 20].flatMap((length) => [
      words(0, length, 'name', 1, 1, 0),
      words(0, 4, 'name', 1, 1, length, 1, 2),
    ]);
    await isRefused(t, ...bodies.map((body) => ({ flavor: AUTH_SYS, body })));
  }),
  must(
    'two-users-on-one-connection',
    'calls of two users on one connection, all at once: each as its own user',
    { ...APPENDIX, needs: ['users'] },
    async (t) => {
      const dir = await t.folder();
      const tcp = await t.tcp();
      const users = [ALICE, BOB, CAROL, ALICE, BOB, CAROL];
      const calls = users.map((user, index) => {
        const args = {
          where: { dir, name: `file-${index}` },
          how: { mode: 'GUARDED', obj_attributes: sattr() },
        } as const;
        return callMessage({ proc: CREATE.number, cred: authSys(user), args: encode(CREATE.args, args) });
      });
      for (const message of calls) tcp.send(message);
      for (const message of calls) {
        const { body } = decode(reply_msg, await tcp.reply(xidOf(message), 20_000));
        equal('the answer', refusalOf(body), 'SUCCESS');
      }
      for (const [index, { uid, gid }] of users.entries()) {
        const { object } = ok(await t.nfs.LOOKUP({ what: { dir, name: `file-${index}` } }));
        const owner = await attributesOf(t.nfs, object);
        equal(`owner of file ${index}`, { uid: owner.uid, gid: owner.gid }, { uid, gid });
      }
    },
  ),
  must(
    'uid-minus-one',
    'uid 2^32 - 1 is not root, and not the owner',
    { needs: ['users'], clause: 'RFC 1813 §4.4' },
    async (t) => {
      const file = await newFile(t, 'file', { mode: 0o600, data: 'secret' });
      const nobody: User = { uid: 0xffff_ffff, gid: 0xffff_ffff };
      const status = await canRead(t, authSys(nobody), file);
      check(status !== 'NFS3_OK', 'an error', status);
    },
  ),
  must('none', 'AUTH_NONE on a call for data: run as nobody, or AUTH_ERROR', FLAVORS, async (t) => {
    const tcp = await t.tcp();
    const { body } = await exchange(tcp, getattrOf(t, { cred: NO_AUTH }));
    const answer = refusalOf(body);
    check(answer === 'SUCCESS' || answer.startsWith('AUTH_ERROR'), 'SUCCESS or AUTH_ERROR', answer);
    await nextIsServed(tcp);
  }),
  must(
    'none-is-not-root',
    'AUTH_NONE does not read what nobody else may',
    { needs: ['users'], clause: 'RFC 2623 §2.3' },
    async (t) => {
      const file = await newFile(t, 'file', { mode: 0o600, data: 'secret' });
      const status = await canRead(t, NO_AUTH, file);
      check(status !== 'NFS3_OK', 'an error', status);
    },
  ),
  must('unknown-flavors', 'flavors that nobody knows: AUTH_ERROR', FLAVORS, async (t) => {
    await isRefused(
      t,
      ...[4, 99, 390_003, 0x7fff_ffff, 0xffff_ffff].map((flavor) => ({ flavor, body: Buffer.alloc(8) })),
    );
  }),
  must('unknown-flavor-udp', 'an unknown flavor by UDP: AUTH_ERROR', { ...FLAVORS, needs: ['udp'] }, async (t) => {
    const { body } = await exchange(await t.udp(), getattrOf(t, { cred: { flavor: 99, body: Buffer.alloc(0) } }));
    const answer = refusalOf(body);
    check(answer.startsWith('AUTH_ERROR'), 'AUTH_ERROR', answer);
  }),
  must('short-never-given', 'AUTH_SHORT that was never given out: AUTH_ERROR', APPENDIX, async (t) => {
    const bodies = [Buffer.alloc(0), Buffer.alloc(4, 1), Buffer.alloc(64, 0xff)];
    await isRefused(t, ...bodies.map((body) => ({ flavor: AUTH_SHORT, body })));
  }),
  must('dh-garbage', 'AUTH_DH that is garbage: AUTH_ERROR', FLAVORS, async (t) => {
    await isRefused(t, { flavor: AUTH_DH, body: Buffer.alloc(16, 0xff) });
  }),
  must('gss-garbage', 'RPCSEC_GSS that is garbage: never run', { clause: 'RFC 2203 §5.3.3' }, async (t) => {
    const bodies = [Buffer.alloc(0), Buffer.alloc(20, 0xff), words(1, 0, 1, 1, 4, 'abcd')];
    await isNeverRun(t, ...bodies.map((body) => getattrOf(t, { cred: { flavor: RPCSEC_GSS, body } })));
  }),
  should('verifier-with-sys', 'AUTH_SYS with a verifier other than AUTH_NONE: AUTH_BADVERF', APPENDIX, async (t) => {
    const { body } = await exchange(await t.tcp(), getattrOf(t, { verf: { flavor: 99, body: Buffer.alloc(8) } }));
    equal('the answer', refusalOf(body), 'AUTH_ERROR AUTH_BADVERF');
  }),
  must('body-too-long', 'a credential of more than 400 bytes: never run', { clause: 'RFC 5531 §8.2' }, async (t) => {
    const { body } = parms();
    const long = [404, 1024, 65_536].map((length) => Buffer.concat([body, Buffer.alloc(length - body.length)]));
    await isNeverRun(t, ...long.map((bytes) => getattrOf(t, { cred: { flavor: AUTH_SYS, body: bytes } })));
  }),
  must('verifier-too-long', 'a verifier of more than 400 bytes: never run', { clause: 'RFC 5531 §8.2' }, async (t) => {
    await isNeverRun(
      t,
      ...[404, 65_536].map((length) => getattrOf(t, { verf: { flavor: 0, body: Buffer.alloc(length) } })),
    );
  }),
  must(
    'body-length-lies',
    'a credential that says it has 2 or 4 GiB: never run',
    { clause: 'RFC 5531 §8.2' },
    async (t) => {
      const header = getattrOf(t).subarray(0, 24);
      await isNeverRun(
        t,
        ...[0x7fff_fffc, 0xffff_fffc, 0xffff_ffff].map((length) => words(header, AUTH_SYS, length, Buffer.alloc(64))),
      );
    },
  ),
  must('null-takes-any-sys', 'NULL with an ordinary credential: SUCCESS', { clause: 'RFC 5531 §12.1' }, async (t) => {
    equal('the answer', await answerTo(await t.tcp(), { cred: parms({ gids: [1, 2, 3] }) }), 'SUCCESS');
  }),
]);
