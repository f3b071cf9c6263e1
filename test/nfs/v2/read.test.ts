import assert from 'node:assert/strict';
import { open, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFSERR_FBIG, NFSERR_ISDIR } from '../../../src/nfs/v2/status.ts';
import { assertFailures, assertHandlesRefused, assertStatus, serve } from './harness.ts';

const read = (file: Buffer, offset: number, count: number) => ({ file, offset, count, totalcount: 0 });

test('READ: the bytes from an offset on, and the attributes; fewer only at the end (RFC 1094 §2.2.7)', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), 'hello world');
  const file = await server.handle('file');
  const first = await server.ok('READ', read(file, 6, 3));
  assert.equal(first.data.bytes.toString(), 'wor');
  assert.equal(first.attributes.size, 11);
  assert.equal((await server.ok('READ', read(file, 6, 100))).data.bytes.toString(), 'world');
  assert.equal((await server.ok('READ', read(file, 11, 100))).data.bytes.length, 0);
  assert.equal((await server.ok('READ', read(file, 0, 0))).data.bytes.length, 0);
});

test('READ: at most 8192 bytes, and what the transport carries', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), Buffer.alloc(20_000, 7));
  const file = await server.handle('file');
  assert.equal((await server.ok('READ', read(file, 0, 65_536))).data.bytes.length, 8192);
  server.maxData = 4000;
  assert.equal((await server.ok('READ', read(file, 0, 8192))).data.bytes.length, 4000);
});

test('READ of a file of more than 4 GiB up to where 32 bits end: NFSERR_FBIG, before that its bytes', async (t) => {
  const server = await serve(t);
  const path = join(server.folder, 'sparse');
  const handle = await open(path, 'w');
  await handle.write('last', 2 ** 32 - 8192 - 4);
  await handle.close();
  await truncate(path, 2 ** 32);
  const file = await server.handle('sparse');
  const before = await server.ok('READ', read(file, 2 ** 32 - 8192 - 4, 4));
  assert.equal(before.data.bytes.toString(), 'last');
  assertStatus(await server.call('READ', read(file, 2 ** 32 - 8192, 8192)), NFSERR_FBIG);
  await truncate(path, 2 ** 32 - 1);
  assert.equal((await server.ok('READ', read(file, 2 ** 32 - 8192, 8192))).data.bytes.length, 8191);
});

test('READ of a directory: NFSERR_ISDIR', async (t) => {
  const server = await serve(t);
  assertStatus(await server.call('READ', read(server.root, 0, 10)), NFSERR_ISDIR);
});

test('READ: handles that name no file: NFSERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'READ', (file) => read(file, 0, 1));
});

test('READ: what the file system fails with is the status', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const args = read(await server.handle('file'), 0, 1);
  await assertFailures(server, 'READ', args, 'read', ['IO', 'ACCES', 'STALE', 'NXIO']);
});
