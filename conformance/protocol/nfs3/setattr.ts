import { cases, linux, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, fails, NotApplicable, ok } from '../expect.ts';
import { NFS3, type nfstime3, type sattr3 } from '../programs/nfs3.ts';
import { handleCases } from './common.ts';
import {
  ALICE,
  around,
  attributesOf,
  BOB,
  CAROL,
  contentOf,
  later,
  movedOn,
  newFile,
  newFolder,
  ROOT,
  sattr,
  stayed,
  wccIsTold,
  wccTellsTruth,
} from './tools.ts';

const LONG_AGO = { seconds: 1_000_000_000, nseconds: 123_456_789 };
const to = (time: nfstime3) => ({ set_it: 'SET_TO_CLIENT_TIME', time }) as const;
const now = { set_it: 'SET_TO_SERVER_TIME' } as const;

function set(nfs: Context['nfs'], object: Buffer, attributes: Partial<sattr3>, guard?: nfstime3) {
  return nfs.SETATTR({ object, new_attributes: sattr(attributes), guard });
}

/** Throws unless a time was kept at least as finely as the server's `time_delta` promises. */
async function isKept(t: Context, object: Buffer, field: 'atime' | 'mtime'): Promise<void> {
  const { time_delta } = ok(await t.nfs.FSINFO({ fsroot: object }));
  const kept = (await attributesOf(t.nfs, object))[field];
  const lost = nanoseconds(LONG_AGO) - nanoseconds(kept);
  const { seconds, nseconds } = kept;
  check(
    lost >= 0n && (lost === 0n || lost < nanoseconds(time_delta)),
    `${field} ${LONG_AGO.seconds}.${LONG_AGO.nseconds}, or less than time_delta before`,
    `${seconds}.${String(nseconds).padStart(9, '0')}`,
  );
}

const nanoseconds = ({ seconds, nseconds }: nfstime3) => BigInt(seconds) * 1_000_000_000n + BigInt(nseconds);

export const SETATTR = cases({ program: NFS3, procedure: 'SETATTR', clause: 'RFC 1813 §3.3.2' }, [
  must('mode', 'the mode, and nothing else', async (t) => {
    const file = await newFile(t, 'file', { data: 'abc', mode: 0o644 });
    ok(await set(t.nfs, file, { mode: 0o1751 }));
    const { mode, size } = await attributesOf(t.nfs, file);
    equal('attributes', { mode, size }, { mode: 0o1751, size: 3n });
  }),
  must('size-shrinks', 'a smaller size cuts the end off', async (t) => {
    const file = await newFile(t, 'file', { data: 'abcdef' });
    ok(await set(t.nfs, file, { size: 2n }));
    equal('content', (await contentOf(t.nfs, file)).toString(), 'ab');
  }),
  must('size-grows', 'a larger size adds zeros, also where something was before', async (t) => {
    const file = await newFile(t, 'file', { data: 'abcdef' });
    ok(await set(t.nfs, file, { size: 2n }));
    ok(await set(t.nfs, file, { size: 5n }));
    equal('content', await contentOf(t.nfs, file), Buffer.from('ab\0\0\0'));
  }),
  must('size-beyond-4gib', 'a size beyond 4 GiB', async (t) => {
    const file = await newFile(t);
    ok(await set(t.nfs, file, { size: 0x1_0000_0001n }));
    equal('size', (await attributesOf(t.nfs, file)).size, 0x1_0000_0001n);
  }),
  must('mtime-of-client', 'mtime as the client says, as fine as time_delta', async (t) => {
    const file = await newFile(t);
    ok(await set(t.nfs, file, { mtime: to(LONG_AGO) }));
    await isKept(t, file, 'mtime');
  }),
  must('atime-of-client', 'atime as the client says, mtime stays', async (t) => {
    const file = await newFile(t);
    const before = await attributesOf(t.nfs, file);
    ok(await set(t.nfs, file, { atime: to(LONG_AGO) }));
    const after = await attributesOf(t.nfs, file);
    await isKept(t, file, 'atime');
    stayed('mtime', before, after);
  }),
  must('times-of-server', "SET_TO_SERVER_TIME takes the server's clock", async (t) => {
    const file = await newFile(t);
    ok(await set(t.nfs, file, { atime: to(LONG_AGO), mtime: to(LONG_AGO) }));
    ok(await set(t.nfs, file, { atime: now, mtime: now }));
    const { atime, mtime, ctime } = await attributesOf(t.nfs, file);
    for (const time of [atime, mtime]) {
      check(
        later(time, LONG_AGO) && Math.abs(time.seconds - ctime.seconds) <= 1,
        `about ${ctime.seconds} s`,
        `${time.seconds} s`,
      );
    }
  }),
  linux('time-after-2038', 'a time after 2038', { clause: 'RFC 1813 §2.5: seconds are unsigned' }, async (t) => {
    const file = await newFile(t);
    ok(await set(t.nfs, file, { mtime: to({ seconds: 0x9000_0000, nseconds: 0 }) }));
    equal('mtime seconds', (await attributesOf(t.nfs, file)).mtime.seconds, 0x9000_0000);
  }),
  must('ctime-moves', 'ctime moves on with every change', { clause: 'RFC 1813 §2.5' }, async (t) => {
    const file = await newFile(t);
    for (const change of [{ mode: 0o600 }, { size: 9n }, { mtime: to(LONG_AGO) }]) {
      const { before, after } = await around(t, file, async () => ok(await set(t.nfs, file, change)));
      movedOn('ctime', before, after);
    }
  }),
  must('mtime-moves-with-size', 'mtime moves on with a change of size, not with one of mode', async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    const sized = await around(t, file, async () => ok(await set(t.nfs, file, { size: 1n })));
    movedOn('mtime', sized.before, sized.after);
    const moded = await around(t, file, async () => ok(await set(t.nfs, file, { mode: 0o600 })));
    stayed('mtime', moded.before, moded.after);
  }),
  must('several', 'mode, size and times at once', async (t) => {
    const file = await newFile(t, 'file', { data: 'abcdef' });
    ok(await set(t.nfs, file, { mode: 0o600, size: 1n, mtime: to(LONG_AGO) }));
    const { mode, size } = await attributesOf(t.nfs, file);
    equal('attributes', { mode, size }, { mode: 0o600, size: 1n });
    await isKept(t, file, 'mtime');
  }),
  must('nothing', 'nothing to set: success, and nothing is changed', async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    const before = await attributesOf(t.nfs, file);
    ok(await set(t.nfs, file, {}));
    const { mode, size, mtime } = await attributesOf(t.nfs, file);
    equal('attributes', { mode, size, mtime }, { mode: before.mode, size: before.size, mtime: before.mtime });
  }),
  must('guard-right', "a guard that is the object's ctime: success", async (t) => {
    const file = await newFile(t);
    ok(await set(t.nfs, file, { mode: 0o600 }, (await attributesOf(t.nfs, file)).ctime));
    equal('mode', (await attributesOf(t.nfs, file)).mode, 0o600);
  }),
  must('guard-wrong', 'a guard that is not: NFS3ERR_NOT_SYNC, and nothing is changed', async (t) => {
    const file = await newFile(t, 'file', { mode: 0o644 });
    fails(await set(t.nfs, file, { mode: 0o600 }, LONG_AGO), 'NFS3ERR_NOT_SYNC');
    equal('mode', (await attributesOf(t.nfs, file)).mode, 0o644);
  }),
  must('guard-nanoseconds', 'a guard that is wrong by a nanosecond: NFS3ERR_NOT_SYNC', async (t) => {
    const file = await newFile(t, 'file', { mode: 0o644 });
    const { ctime } = await attributesOf(t.nfs, file);
    const guard = { ...ctime, nseconds: ctime.nseconds === 0 ? 1 : ctime.nseconds - 1 };
    fails(await set(t.nfs, file, { mode: 0o600 }, guard), 'NFS3ERR_NOT_SYNC');
  }),
  must('mode-for-owner-alone', "another's mode: NFS3ERR_PERM, and it stays", { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { mode: 0o666 });
    fails(await set(t.as(BOB), file, { mode: 0o777 }), 'NFS3ERR_PERM', 'NFS3ERR_ACCES');
    equal('mode', (await attributesOf(t.nfs, file)).mode, 0o666);
  }),
  must('size-needs-write', 'a size without write permission: NFS3ERR_ACCES', { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { data: 'abc', mode: 0o644 });
    fails(await set(t.as(BOB), file, { size: 0n }), 'NFS3ERR_ACCES', 'NFS3ERR_PERM');
    equal('size', (await attributesOf(t.nfs, file)).size, 3n);
  }),
  must('size-of-writable', 'a size by who may write, though not the owner', { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    ok(await set(t.nfs, file, { mode: 0o666 }));
    ok(await set(t.as(BOB), file, { size: 1n }));
    equal('size', (await attributesOf(t.nfs, file)).size, 1n);
  }),
  must('touch-by-writer', 'the server time by who may write, the client time not', { needs: ['users'] }, async (t) => {
    const file = await newFile(t);
    ok(await set(t.nfs, file, { mode: 0o666 }));
    ok(await set(t.as(BOB), file, { atime: now, mtime: now }));
    const refused = await set(t.as(BOB), file, { mtime: to(LONG_AGO) });
    fails(refused, 'NFS3ERR_PERM', 'NFS3ERR_ACCES');
  }),
  must('chown-by-root', 'owner and group by root', { needs: ['root', 'users'] }, async (t) => {
    const file = await newFile(t);
    ok(await set(t.as(ROOT), file, { uid: BOB.uid, gid: BOB.gid }));
    const { uid, gid } = await attributesOf(t.nfs, file);
    equal('owner', { uid, gid }, { uid: BOB.uid, gid: BOB.gid });
  }),
  must('chown-by-stranger', "another's owner: NFS3ERR_PERM, and it stays", { needs: ['users'] }, async (t) => {
    const file = await newFile(t);
    fails(await set(t.as(BOB), file, { uid: BOB.uid }), 'NFS3ERR_PERM', 'NFS3ERR_ACCES');
    equal('uid', (await attributesOf(t.nfs, file)).uid, ALICE.uid);
  }),
  must(
    'chown-away',
    'giving a file away where chown_restricted is told: NFS3ERR_PERM',
    { needs: ['users'], clause: 'RFC 1813 §3.3.20' },
    async (t) => {
      const file = await newFile(t);
      if (!ok(await t.nfs.PATHCONF({ object: file })).chown_restricted) {
        throw new NotApplicable('PATHCONF does not tell chown_restricted');
      }
      fails(await set(t.nfs, file, { uid: BOB.uid }), 'NFS3ERR_PERM', 'NFS3ERR_ACCES');
      equal('uid', (await attributesOf(t.nfs, file)).uid, ALICE.uid);
    },
  ),
  must('group-of-owner', "the owner gives it to a group of hers, not to another's", { needs: ['users'] }, async (t) => {
    const carol = t.as(CAROL);
    const file = await newFile(t, 'file', { nfs: carol });
    ok(await set(carol, file, { gid: ALICE.gid }));
    equal('gid', (await attributesOf(t.nfs, file)).gid, ALICE.gid);
    fails(await set(carol, file, { gid: BOB.gid }), 'NFS3ERR_PERM', 'NFS3ERR_ACCES');
  }),
  linux(
    'chown-clears-suid',
    'a change of owner takes set-user-ID away',
    { needs: ['root', 'users'], clause: 'chown(2)' },
    async (t) => {
      const file = await newFile(t);
      ok(await set(t.nfs, file, { mode: 0o4755 }));
      ok(await set(t.nfs, file, { gid: ALICE.gid }));
      equal('mode', (await attributesOf(t.nfs, file)).mode, 0o755);
    },
  ),
  must('size-of-directory', "a directory's size: an error", async (t) => {
    const { status } = await set(t.nfs, await newFolder(t), { size: 0n });
    check(status === 'NFS3ERR_ISDIR' || status === 'NFS3ERR_INVAL', 'NFS3ERR_ISDIR or NFS3ERR_INVAL', status);
  }),
  must('size-too-large', 'a size above maxfilesize: NFS3ERR_FBIG or NFS3ERR_INVAL', async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    const { maxfilesize } = ok(await t.nfs.FSINFO({ fsroot: file }));
    const size = maxfilesize >= 2n ** 64n - 1n ? maxfilesize : maxfilesize + 1n;
    fails(await set(t.nfs, file, { size }), 'NFS3ERR_FBIG', 'NFS3ERR_INVAL');
    equal('size', (await attributesOf(t.nfs, file)).size, 3n);
  }),
  must('wcc-true', 'obj_wcc tells the truth', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    const { before, after, result } = await around(t, file, () => set(t.nfs, file, { size: 1n, mode: 0o600 }));
    wccTellsTruth(ok(result).obj_wcc, before, after);
  }),
  must('wcc-true-on-failure', 'obj_wcc tells the truth when it fails', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const file = await newFile(t);
    const { before, after, result } = await around(t, file, () => set(t.nfs, file, { mode: 0 }, LONG_AGO));
    wccTellsTruth(fails(result, 'NFS3ERR_NOT_SYNC').obj_wcc, before, after);
  }),
  should('wcc-told', 'both halves of obj_wcc come with it', { clause: 'RFC 1813 §2.6' }, async (t) => {
    wccIsTold(ok(await set(t.nfs, await newFile(t), { mode: 0o600 })).obj_wcc);
  }),
  ...handleCases((t, object) => set(t.nfs, object, { mode: 0o600 })),
]);
