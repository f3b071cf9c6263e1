import { cases, linux, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, fails, ok } from '../expect.ts';
import { NFS2, type sattr } from '../programs/nfs2.ts';
import type { User } from '../rpc/client.ts';
import { handleCases } from './common.ts';
import {
  ALICE,
  around,
  attributesOf,
  BOB,
  CAROL,
  contentOf,
  makesNoSense,
  movedOn,
  newFile,
  newFolder,
  nfs2,
  PERMISSIONS,
  ROOT,
  sattr2,
  stayed,
  tellsTruth,
} from './tools.ts';

const LONG_AGO = { seconds: 1_000_000_000, useconds: 123_456 };
/** Sun's way, and everyone's since, to say "the server's time": there are no million microseconds. */
const SERVER_TIME = { seconds: LONG_AGO.seconds, useconds: 1_000_000 };

function set(t: Context, file: Buffer, attributes: Partial<sattr>, user: User = ALICE) {
  return nfs2(t, user).SETATTR({ file, attributes: sattr2(attributes) });
}

const permissionsOf = async (t: Context, file: Buffer) => (await attributesOf(t, file)).mode & PERMISSIONS;

export const SETATTR = cases({ program: NFS2, procedure: 'SETATTR', clause: 'RFC 1094 §2.2.3' }, [
  must('mode', 'the mode, and nothing else', async (t) => {
    const file = await newFile(t, 'file', { data: 'abc', mode: 0o644 });
    ok(await set(t, file, { mode: 0o1751 }));
    const { mode, size, uid, gid } = await attributesOf(t, file);
    equal('attributes', [mode & PERMISSIONS, size, uid, gid], [0o1751, 3, ALICE.uid, ALICE.gid]);
  }),
  must('mode-with-type', 'a mode with type bits: the type stays', { clause: 'RFC 1094 §2.3.6' }, async (t) => {
    const file = await newFile(t);
    ok(await set(t, file, { mode: 0o100600 }));
    const { type, mode } = await attributesOf(t, file);
    equal('type and mode', [type, mode], ['NFREG', 0o100600]);
  }),
  must('all-minus-one', '-1 everywhere: success, and nothing is changed', { clause: 'RFC 1094 §2.3.6' }, async (t) => {
    const file = await newFile(t, 'file', { data: 'abc', mode: 0o640 });
    const { before, after } = await around(t, file, async () => ok(await set(t, file, {})));
    for (const field of ['mode', 'uid', 'gid', 'size', 'mtime', 'atime'] as const) {
      equal(field, after[field], before[field]);
    }
  }),
  must('size-shrinks', 'a smaller size cuts the end off', async (t) => {
    const file = await newFile(t, 'file', { data: 'abcdef' });
    ok(await set(t, file, { size: 2 }));
    equal('content', (await contentOf(t, file)).toString(), 'ab');
  }),
  must('size-zero', 'size 0 empties the file: 0 is not -1', { clause: 'RFC 1094 §2.3.6' }, async (t) => {
    const file = await newFile(t, 'file', { data: 'abcdef' });
    ok(await set(t, file, { size: 0 }));
    equal('size', (await attributesOf(t, file)).size, 0);
  }),
  must('size-grows', 'a larger size adds zeros, also where something was before', async (t) => {
    const file = await newFile(t, 'file', { data: 'abcdef' });
    ok(await set(t, file, { size: 2 }));
    ok(await set(t, file, { size: 5 }));
    equal('content', await contentOf(t, file), Buffer.from('ab\0\0\0'));
  }),
  must('size-above-2gib', 'a size of 3 GB: sizes are unsigned', { clause: 'RFC 1094 §2.3.6' }, async (t) => {
    const file = await newFile(t);
    ok(await set(t, file, { size: 3_000_000_000 }));
    equal('size', (await attributesOf(t, file)).size, 3_000_000_000);
  }),
  must('mtime', 'mtime to the microsecond, atime stays', { clause: 'RFC 1094 §2.3.4' }, async (t) => {
    const file = await newFile(t);
    const { before, after } = await around(t, file, async () => ok(await set(t, file, { mtime: LONG_AGO })));
    // Storage may keep seconds alone.
    const kept = after.mtime.useconds === 0 ? { ...LONG_AGO, useconds: 0 } : LONG_AGO;
    equal('mtime', after.mtime, kept);
    stayed('atime', before, after);
  }),
  should('microseconds-kept', 'microseconds are kept', { clause: 'RFC 1094 §2.3.4' }, async (t) => {
    const file = await newFile(t);
    ok(await set(t, file, { mtime: LONG_AGO, atime: { ...LONG_AGO, useconds: 999_999 } }));
    const { mtime, atime } = await attributesOf(t, file);
    equal('microseconds', [mtime.useconds, atime.useconds], [123_456, 999_999]);
  }),
  must('atime', 'atime alone, mtime stays', { clause: 'RFC 1094 §2.3.6' }, async (t) => {
    const file = await newFile(t);
    const { before, after } = await around(t, file, async () => ok(await set(t, file, { atime: LONG_AGO })));
    equal('atime seconds', after.atime.seconds, LONG_AGO.seconds);
    stayed('mtime', before, after);
  }),
  linux(
    'server-time',
    "a million microseconds: the server's time",
    { clause: 'nfs_xdr.c: set server time' },
    async (t) => {
      const file = await newFile(t);
      ok(await set(t, file, { atime: LONG_AGO, mtime: LONG_AGO }));
      ok(await set(t, file, { atime: SERVER_TIME, mtime: SERVER_TIME }));
      const { atime, mtime, ctime } = await attributesOf(t, file);
      for (const { seconds } of [atime, mtime]) {
        check(Math.abs(seconds - ctime.seconds) <= 1, `about ${ctime.seconds} s`, `${seconds} s`);
      }
    },
  ),
  linux('time-after-2038', 'a time after 2038', { clause: 'RFC 1094 §2.3.4: seconds are unsigned' }, async (t) => {
    const file = await newFile(t);
    ok(await set(t, file, { mtime: { seconds: 0x9000_0000, useconds: 0 } }));
    equal('mtime seconds', (await attributesOf(t, file)).mtime.seconds, 0x9000_0000);
  }),
  must('several', 'mode, size and times at once', async (t) => {
    const file = await newFile(t, 'file', { data: 'abcdef' });
    ok(await set(t, file, { mode: 0o600, size: 1, mtime: LONG_AGO }));
    const { mode, size, mtime } = await attributesOf(t, file);
    equal('attributes', [mode & PERMISSIONS, size, mtime.seconds], [0o600, 1, LONG_AGO.seconds]);
  }),
  must('attributes-true', 'the attributes in the reply are those that GETATTR tells', async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    tellsTruth(ok(await set(t, file, { mode: 0o600, size: 1 })).attributes, await attributesOf(t, file));
  }),
  must('ctime-moves', 'ctime moves on with every change', { clause: 'RFC 1094 §2.3.5' }, async (t) => {
    const file = await newFile(t);
    for (const change of [{ mode: 0o600 }, { size: 9 }, { mtime: LONG_AGO }]) {
      const { before, after } = await around(t, file, async () => ok(await set(t, file, change)));
      movedOn('ctime', before, after);
    }
  }),
  must('mode-for-owner-alone', "another's mode: NFSERR_PERM, and it stays", { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { mode: 0o644 });
    ok(await set(t, file, { mode: 0o666 }));
    fails(await set(t, file, { mode: 0o777 }, BOB), 'NFSERR_PERM', 'NFSERR_ACCES');
    equal('mode', await permissionsOf(t, file), 0o666);
  }),
  must('size-needs-write', 'a size without write permission: NFSERR_ACCES', { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { data: 'abc', mode: 0o644 });
    fails(await set(t, file, { size: 0 }, BOB), 'NFSERR_ACCES', 'NFSERR_PERM');
    equal('size', (await attributesOf(t, file)).size, 3);
  }),
  must('size-of-writable', 'a size by who may write, though not the owner', { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    ok(await set(t, file, { mode: 0o666 }));
    ok(await set(t, file, { size: 1 }, BOB));
    equal('size', (await attributesOf(t, file)).size, 1);
  }),
  linux('touch-by-writer', 'touch(1) by who may write', { needs: ['users'], clause: 'utimes(2)' }, async (t) => {
    const file = await newFile(t);
    ok(await set(t, file, { mode: 0o666 }));
    ok(await set(t, file, { atime: SERVER_TIME, mtime: SERVER_TIME }, BOB));
    fails(await set(t, file, { atime: LONG_AGO, mtime: LONG_AGO }, BOB), 'NFSERR_PERM', 'NFSERR_ACCES');
  }),
  must('chown-by-root', 'owner and group by root', { needs: ['root', 'users'] }, async (t) => {
    const file = await newFile(t);
    ok(await set(t, file, { uid: BOB.uid, gid: BOB.gid }, ROOT));
    const { uid, gid } = await attributesOf(t, file);
    equal('owner', { uid, gid }, { uid: BOB.uid, gid: BOB.gid });
  }),
  must('uid-alone', 'the owner by root, the group stays: -1', { needs: ['root', 'users'] }, async (t) => {
    const file = await newFile(t);
    ok(await set(t, file, { uid: BOB.uid }, ROOT));
    const { uid, gid } = await attributesOf(t, file);
    equal('owner', { uid, gid }, { uid: BOB.uid, gid: ALICE.gid });
  }),
  must('chown-by-stranger', "another's owner: NFSERR_PERM, and it stays", { needs: ['users'] }, async (t) => {
    const file = await newFile(t);
    fails(await set(t, file, { uid: BOB.uid }, BOB), 'NFSERR_PERM', 'NFSERR_ACCES');
    equal('uid', (await attributesOf(t, file)).uid, ALICE.uid);
  }),
  must('group-of-owner', 'the owner gives it to a group of hers', { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { user: CAROL });
    ok(await set(t, file, { gid: ALICE.gid }, CAROL));
    equal('gid', (await attributesOf(t, file)).gid, ALICE.gid);
    fails(await set(t, file, { gid: BOB.gid }, CAROL), 'NFSERR_PERM', 'NFSERR_ACCES');
  }),
  must('size-of-directory', "a directory's size: an error", { clause: 'RFC 1094 §2.3.1' }, async (t) => {
    makesNoSense(await set(t, await newFolder(t), { size: 0 }));
  }),
  ...handleCases((t, file) => set(t, file, { mode: 0o600 })),
]);
