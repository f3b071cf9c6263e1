import assert from 'node:assert/strict';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFSERR_IO, NFSERR_ISDIR, NFSERR_PERM } from '../../../src/nfs/v2/status.ts';
import { FsError, type NewAttributes } from '../../../src/vfs/index.ts';
import { assertFailures, assertHandlesRefused, assertStatus, type Server, sattr, serve } from './harness.ts';

async function withFile(server: Server): Promise<{ file: Buffer; path: string }> {
  const path = join(server.folder, 'file');
  await writeFile(path, 'hello', { mode: 0o640 });
  return { file: await server.handle('file'), path };
}

test('SETATTR: mode, size and times; -1 leaves a field as it is (RFC 1094 §2.3.6)', async (t) => {
  const server = await serve(t);
  const { file, path } = await withFile(server);
  const set = (attributes: Parameters<typeof sattr>[0]) =>
    server.ok('SETATTR', { file, attributes: sattr(attributes) });
  assert.equal((await set({ mode: 0o100604 })).attributes.mode, 0o100604);
  assert.equal((await set({ size: 3 })).attributes.size, 3);
  const { attributes } = await set({ mtime: { seconds: 1_000_000_001, useconds: 250_000 } });
  assert.deepEqual(attributes.mtime, { seconds: 1_000_000_001, useconds: 250_000 });
  assert.deepEqual((await set({})).attributes, attributes);
  const onDisk = await stat(path);
  assert.deepEqual([onDisk.mode & 0o7777, onDisk.size, onDisk.mtimeMs], [0o604, 3, 1_000_000_001_250]);
});

test('SETATTR: 16 bits of -1 leave the mode as it is, too, as old Sun clients send it', async (t) => {
  const server = await serve(t);
  const { file } = await withFile(server);
  const { attributes } = await server.ok('SETATTR', { file, attributes: sattr({ mode: 0xffff }) });
  assert.equal(attributes.mode & 0o7777, 0o640);
});

test('SETATTR: a million microseconds are the server’s time, in mtime for both times', async (t) => {
  const server = await serve(t);
  const { file } = await withFile(server);
  const asked: NewAttributes[] = [];
  const { fileSystem, caller } = server.views[0];
  server.views[0].setAttributes = ((inode: never, changes: NewAttributes) => {
    asked.push(changes);
    return fileSystem.setAttributes(caller, inode, changes);
  }) as never;
  const now = { seconds: 5, useconds: 1_000_000 };
  const then = { seconds: 7, useconds: 9 };
  for (const times of [{ mtime: now }, { atime: now }, { atime: then, mtime: now }, { atime: then, mtime: then }]) {
    await server.ok('SETATTR', { file, attributes: sattr(times) });
  }
  const exact = { seconds: 7, nanoseconds: 9000 };
  assert.deepEqual(
    asked.map(({ atime, mtime }) => [atime, mtime]),
    [
      [undefined, 'now'],
      ['now', undefined],
      ['now', 'now'],
      [exact, exact],
    ],
  );
});

test('SETATTR: both times set to about now by who is not the owner are a touch, others are not: NFSERR_PERM', async (t) => {
  const server = await serve(t);
  const { file } = await withFile(server);
  const { fileSystem, caller } = server.views[0];
  server.views[0].setAttributes = ((inode: never, changes: NewAttributes) => {
    if (typeof changes.mtime === 'object') throw new FsError('PERM', 'utimes');
    return fileSystem.setAttributes(caller, inode, changes);
  }) as never;
  const seconds = Math.floor(Date.now() / 1000);
  const both = (time: { seconds: number; useconds: number }) => sattr({ atime: time, mtime: time });
  await server.ok('SETATTR', { file, attributes: both({ seconds: seconds - 600, useconds: 3 }) });
  const old = both({ seconds: seconds - 7200, useconds: 3 });
  assertStatus(await server.call('SETATTR', { file, attributes: old }), NFSERR_PERM);
  const apart = sattr({ atime: { seconds, useconds: 0 }, mtime: { seconds: seconds - 1, useconds: 0 } });
  assertStatus(await server.call('SETATTR', { file, attributes: apart }), NFSERR_PERM);
});

test('SETATTR: more than a million microseconds: NFSERR_IO, and nothing is set', async (t) => {
  const server = await serve(t);
  const { file } = await withFile(server);
  const attributes = sattr({ mode: 0o777, atime: { seconds: 1, useconds: 1_000_001 } });
  assertStatus(await server.call('SETATTR', { file, attributes }), NFSERR_IO);
  assert.equal((await server.ok('GETATTR', { file })).attributes.mode & 0o777, 0o640);
});

test('SETATTR: a directory’s size: NFSERR_ISDIR', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'directory'));
  const file = await server.handle('directory');
  assertStatus(await server.call('SETATTR', { file, attributes: sattr({ size: 0 }) }), NFSERR_ISDIR);
});

test('SETATTR: handles that name no file: NFSERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'SETATTR', (file) => ({ file, attributes: sattr() }));
});

test('SETATTR: what the file system fails with is the status', async (t) => {
  const server = await serve(t);
  const args = { file: server.root, attributes: sattr({ mode: 0 }) };
  const codes = ['PERM', 'ACCES', 'IO', 'ROFS', 'NOSPC', 'DQUOT', 'FBIG', 'INVAL', 'STALE', 'NOTSUPP'] as const;
  await assertFailures(server, 'SETATTR', args, 'setAttributes', codes);
});
