import assert from 'node:assert/strict';
import { chmod, lstat, mkdir, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileType } from '../../../src/vfs/index.ts';
import { assertFailures, assertHandlesRefused, serve } from './harness.ts';

test('GETATTR: type, mode, links, owner, size, times and file number as on the disk (§3.3.1)', async (t) => {
  const server = await serve(t);
  const path = join(server.folder, 'file');
  await writeFile(path, 'hello');
  await chmod(path, 0o4751);
  await utimes(path, 1_000_000_000, 1_234_567_890.5);
  const { obj_attributes } = await server.ok('GETATTR', { object: await server.handle('file') });
  const onDisk = await lstat(path, { bigint: true });
  assert.equal(obj_attributes.type, FileType.REG);
  assert.equal(obj_attributes.mode, 0o4751);
  assert.equal(obj_attributes.nlink, 1);
  assert.deepEqual([obj_attributes.uid, obj_attributes.gid], [Number(onDisk.uid), Number(onDisk.gid)]);
  assert.equal(obj_attributes.size, 5);
  assert.equal(obj_attributes.used, Number(onDisk.blocks) * 512);
  assert.deepEqual([obj_attributes.atimeSeconds, obj_attributes.atimeNanoseconds], [1_000_000_000, 0]);
  assert.deepEqual([obj_attributes.mtimeSeconds, obj_attributes.mtimeNanoseconds], [1_234_567_890, 500_000_000]);
  assert.equal(
    BigInt(obj_attributes.ctimeSeconds) * 1_000_000_000n + BigInt(obj_attributes.ctimeNanoseconds),
    onDisk.ctimeNs,
  );
  assert.equal((BigInt(obj_attributes.fileidHigh) << 32n) | BigInt(obj_attributes.fileidLow), onDisk.ino);
});

test('GETATTR: fsid is the export’s, not the device’s number (§2.6)', async (t) => {
  const server = await serve(t);
  const { obj_attributes } = await server.ok('GETATTR', { object: server.root });
  const other = await server.ok('GETATTR', { object: server.otherRoot });
  assert.deepEqual([obj_attributes.fsidHigh, obj_attributes.fsidLow], [0, 1]);
  assert.deepEqual([other.obj_attributes.fsidHigh, other.obj_attributes.fsidLow], [0, 2]);
});

test('GETATTR: directories and symbolic links are what they are, and no link is followed', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'directory'));
  await symlink('directory', join(server.folder, 'link'));
  const typeOf = async (path: string) =>
    (await server.ok('GETATTR', { object: await server.handle(path) })).obj_attributes.type;
  assert.equal(await typeOf('directory'), FileType.DIR);
  assert.equal(await typeOf('link'), FileType.LNK);
});

test('GETATTR: sizes beyond 4 GiB', async (t) => {
  const server = await serve(t);
  const path = join(server.folder, 'sparse');
  await writeFile(path, '');
  await truncate(path, 5 * 2 ** 30 + 1);
  const { obj_attributes } = await server.ok('GETATTR', { object: await server.handle('sparse') });
  assert.equal(obj_attributes.size, 5 * 2 ** 30 + 1);
});

test('GETATTR: a time before 1970 is told as 1970 (§2.6: seconds are unsigned)', async (t) => {
  const server = await serve(t);
  const path = join(server.folder, 'old');
  await writeFile(path, '');
  await utimes(path, new Date(-1_000_000), new Date(-1_000_000));
  const { obj_attributes } = await server.ok('GETATTR', { object: await server.handle('old') });
  assert.equal(obj_attributes.mtimeSeconds, 0);
});

test('GETATTR: a handle that is none, or whose file is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'GETATTR', (object) => ({ object }));
});

test('GETATTR: what the file system fails with is the status (§3.3.1)', async (t) => {
  const server = await serve(t);
  await assertFailures(
    server,
    'GETATTR',
    { object: server.root },
    'attributes',
    ['IO', 'STALE', 'JUKEBOX'],
    (result) => {
      assert.deepEqual(Object.keys(result), ['status']);
    },
  );
});
