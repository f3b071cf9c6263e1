import assert from 'node:assert/strict';
import { chmod, lstat, mkdir, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileType } from '../../../src/vfs/index.ts';
import { assertFailures, assertHandlesRefused, serve } from './harness.ts';

test('GETATTR: type, mode with type bits, links, owner, size, microseconds as on the disk (RFC 1094 §2.3.5)', async (t) => {
  const server = await serve(t);
  const path = join(server.folder, 'file');
  await writeFile(path, 'hello');
  await chmod(path, 0o4751);
  await utimes(path, 1_000_000_000, 1_234_567_890.5);
  const { attributes } = await server.ok('GETATTR', { file: await server.handle('file') });
  const onDisk = await lstat(path);
  assert.equal(attributes.type, 1);
  assert.equal(attributes.mode, 0o104751);
  assert.deepEqual([attributes.nlink, attributes.uid, attributes.gid], [1, onDisk.uid, onDisk.gid]);
  assert.deepEqual([attributes.size, attributes.blocks], [5, onDisk.blocks]);
  assert.deepEqual(attributes.atime, { seconds: 1_000_000_000, useconds: 0 });
  assert.deepEqual(attributes.mtime, { seconds: 1_234_567_890, useconds: 500_000 });
  assert.equal(attributes.ctime.seconds, Math.floor(onDisk.ctimeMs / 1000));
  assert.ok(attributes.ctime.useconds < 1_000_000);
  assert.equal(attributes.fileid, onDisk.ino);
  assert.equal(attributes.fsid, 1);
  assert.equal(attributes.rdev, 0xffff_ffff);
});

test('GETATTR: directories and symbolic links have their types, in `type` and in `mode`', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'directory'));
  await symlink('directory', join(server.folder, 'link'));
  const typeOf = async (name: string) => {
    const { type, mode } = (await server.ok('GETATTR', { file: await server.handle(name) })).attributes;
    return [type, mode & 0o170000];
  };
  assert.deepEqual(await typeOf('directory'), [2, 0o040000]);
  assert.deepEqual(await typeOf('link'), [5, 0o120000]);
});

test('GETATTR: a size of 4 GiB and more is told as the largest number, not as what is left of it', async (t) => {
  const server = await serve(t);
  const path = join(server.folder, 'sparse');
  await writeFile(path, '');
  for (const size of [2 ** 32 - 1, 2 ** 32, 2 ** 33 + 5]) {
    await truncate(path, size);
    const { attributes } = await server.ok('GETATTR', { file: await server.handle('sparse') });
    assert.equal(attributes.size, 2 ** 32 - 1);
  }
});

test('GETATTR: times before 1970 and after 2106 are told as the nearest there is', async (t) => {
  const server = await serve(t);
  const now = await server.views[0].fileSystem.attributes(server.views[0].fileSystem.root);
  server.replace('attributes', () => ({ ...now, atimeSeconds: -5, mtimeSeconds: 2 ** 33 }));
  const { attributes } = await server.ok('GETATTR', { file: server.root });
  assert.equal(attributes.atime.seconds, 0);
  assert.equal(attributes.mtime.seconds, 2 ** 32 - 1);
});

test('GETATTR: large file numbers are folded into 32 bits, small ones stay', async (t) => {
  const server = await serve(t);
  const now = await server.views[0].fileSystem.attributes(server.views[0].fileSystem.root);
  server.replace('attributes', () => ({ ...now, fileidHigh: 0x8000_0001, fileidLow: 0xff }));
  const { attributes } = await server.ok('GETATTR', { file: server.root });
  assert.equal(attributes.fileid, 0x8000_00fe);
});

test('GETATTR: a FIFO is a character device without a number, a socket has type 6, devices their packed numbers', async (t) => {
  const server = await serve(t);
  const now = await server.views[0].fileSystem.attributes(server.views[0].fileSystem.root);
  const told = async (type: FileType, rdevMajor = 0, rdevMinor = 0) => {
    server.replace('attributes', () => ({ ...now, type, mode: 0o644, rdevMajor, rdevMinor }));
    const { attributes } = await server.ok('GETATTR', { file: server.root });
    return [attributes.type, attributes.mode, attributes.rdev];
  };
  assert.deepEqual(await told(FileType.FIFO), [4, 0o010644, 0xffff_ffff]);
  assert.deepEqual(await told(FileType.SOCK), [6, 0o140644, 0xffff_ffff]);
  assert.deepEqual(await told(FileType.CHR, 3, 300), [4, 0o020644, 0x10_032c]);
  assert.deepEqual(await told(FileType.BLK, 0xfff, 0xf_ffff), [3, 0o060644, 0xffff_ffff]);
});

test('GETATTR: handles that name no file: NFSERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'GETATTR', (file) => ({ file }));
});

test('GETATTR: what the file system fails with is the status', async (t) => {
  const server = await serve(t);
  await assertFailures(server, 'GETATTR', { file: server.root }, 'attributes', ['IO', 'STALE', 'BADHANDLE', 'ACCES']);
});
