import assert from 'node:assert/strict';
import { lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFS3ERR_FBIG, NFS3ERR_INVAL, NFS3ERR_NOT_SYNC } from '../../../src/nfs/v3/status.ts';
import { SET_TO_CLIENT_TIME, SET_TO_SERVER_TIME, type sattr3 } from '../../../src/nfs/v3/types.ts';
import { MAX_OFFSET } from '../../../src/vfs/index.ts';
import {
  assertChanged,
  assertFailures,
  assertHandlesRefused,
  assertStatus,
  assertUnchanged,
  type Server,
  sattr,
  serve,
} from './harness.ts';

async function withFile(server: Server) {
  const path = join(server.folder, 'file');
  await writeFile(path, 'hello');
  const object = await server.handle('file');
  return {
    path,
    object,
    now: async () => (await server.ok('GETATTR', { object })).obj_attributes,
    set: (new_attributes: Partial<sattr3>, guard?: { seconds: number; nseconds: number }) =>
      server.call('SETATTR', { object, new_attributes: sattr(new_attributes), guard }),
  };
}

test('SETATTR: mode, size and times, and nothing that was not asked (§3.3.2)', async (t) => {
  const server = await serve(t);
  const { path, now, set } = await withFile(server);
  const before = await now();
  const result = await set({
    mode: 0o2640,
    size: 3,
    atime: { set_it: SET_TO_CLIENT_TIME, time: { seconds: 11, nseconds: 999_999_999 } },
    mtime: { set_it: SET_TO_CLIENT_TIME, time: { seconds: 0xffff_0000, nseconds: 1 } },
  });
  assertStatus(result, 0);
  const after = await now();
  assertChanged(result.obj_wcc, before, after);
  assert.equal(after.mode, 0o2640);
  // Before the file is read, which may touch its atime.
  const onDisk = await lstat(path, { bigint: true });
  assert.equal(await readFile(path, 'utf8'), 'hel');
  assert.equal(onDisk.atimeNs, 11_999_999_999n);
  assert.equal(onDisk.mtimeNs, 0xffff_0000n * 1_000_000_000n + 1n);
  assert.deepEqual([after.uid, after.gid], [before.uid, before.gid]);
});

test('SETATTR: SET_TO_SERVER_TIME takes the server’s clock, DONT_CHANGE leaves a time (§2.6)', async (t) => {
  const server = await serve(t);
  const { now, set } = await withFile(server);
  const long = { set_it: SET_TO_CLIENT_TIME, time: { seconds: 5, nseconds: 6 } } as const;
  await set({ atime: long, mtime: long });
  assertStatus(await set({ mtime: { set_it: SET_TO_SERVER_TIME } }), 0);
  const after = await now();
  assert.deepEqual([after.atimeSeconds, after.atimeNanoseconds], [5, 6]);
  assert.equal(after.mtimeSeconds, after.ctimeSeconds);
});

test('SETATTR: a file grows with zeros, beyond 4 GiB too', async (t) => {
  const server = await serve(t);
  const { now, set } = await withFile(server);
  assertStatus(await set({ size: 2 ** 33 }), 0);
  assert.equal((await now()).size, 2 ** 33);
});

test('SETATTR: bits of the mode that are none are left out', async (t) => {
  const server = await serve(t);
  const { now, set } = await withFile(server);
  assertStatus(await set({ mode: 0o100600 }), 0);
  assert.equal((await now()).mode, 0o600);
});

test('SETATTR with a guard: done if ctime is still the guard’s, otherwise NFS3ERR_NOT_SYNC (§3.3.2)', async (t) => {
  const server = await serve(t);
  const { now, set } = await withFile(server);
  const before = await now();
  const guard = { seconds: before.ctimeSeconds, nseconds: before.ctimeNanoseconds };
  const other = { ...guard, nseconds: (guard.nseconds + 1) % 1_000_000_000 };
  const refused = await set({ mode: 0o600 }, other);
  assertStatus(refused, NFS3ERR_NOT_SYNC);
  assertUnchanged(refused.obj_wcc, before);
  assert.equal((await now()).mode, before.mode);
  assertStatus(await set({ mode: 0o600 }, guard), 0);
  assert.equal((await now()).mode, 0o600);
});

test('SETATTR: a second or more of nanoseconds: NFS3ERR_INVAL', async (t) => {
  const server = await serve(t);
  const { now, set } = await withFile(server);
  const time = { seconds: 1, nseconds: 1_000_000_000 };
  const before = await now();
  for (const result of [
    await set({ atime: { set_it: SET_TO_CLIENT_TIME, time } }),
    await set({ mtime: { set_it: SET_TO_CLIENT_TIME, time } }),
    await set({ mode: 0o600 }, time),
  ]) {
    assertStatus(result, NFS3ERR_INVAL);
    assertUnchanged(result.obj_wcc, before);
  }
});

test('SETATTR: an owner of -1, which chown(2) would pass over in silence: NFS3ERR_INVAL', async (t) => {
  const server = await serve(t);
  const { set } = await withFile(server);
  assertStatus(await set({ uid: 0xffff_ffff }), NFS3ERR_INVAL);
  assertStatus(await set({ gid: 0xffff_ffff }), NFS3ERR_INVAL);
});

test('SETATTR: a size beyond every file: NFS3ERR_FBIG', async (t) => {
  const server = await serve(t);
  const { set } = await withFile(server);
  assertStatus(await set({ size: MAX_OFFSET + 1 }), NFS3ERR_FBIG);
});

test('SETATTR: the size of a directory: NFS3ERR_INVAL (§3.3.2)', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'directory'));
  const object = await server.handle('directory');
  const result = await server.call('SETATTR', { object, new_attributes: sattr({ size: 0 }), guard: undefined });
  assertStatus(result, NFS3ERR_INVAL);
});

test('SETATTR: a handle that is none, or whose file is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'SETATTR', (object) => ({
    object,
    new_attributes: sattr(),
    guard: undefined,
  }));
});

test('SETATTR: what the file system fails with is the status, with the attributes of now (§3.3.2)', async (t) => {
  const server = await serve(t);
  const { object, now } = await withFile(server);
  const before = await now();
  const args = { object, new_attributes: sattr({ mode: 0o600 }), guard: undefined };
  const codes = ['PERM', 'IO', 'ACCES', 'INVAL', 'NOSPC', 'ROFS', 'DQUOT', 'NOTSUPP', 'JUKEBOX'] as const;
  await assertFailures(server, 'SETATTR', args, 'setAttributes', codes, (result) => {
    assertUnchanged(result.obj_wcc, before);
  });
});
