import assert from 'node:assert/strict';
import { statfs } from 'node:fs/promises';
import { test } from 'node:test';
import { assertFailures, assertHandlesRefused, serve } from './harness.ts';

test('STATFS: 8 KiB transfers, and the space as statfs(2) has it (RFC 1094 §2.2.18)', async (t) => {
  const server = await serve(t);
  const found = await server.ok('STATFS', { file: server.root });
  const onDisk = await statfs(server.folder);
  assert.equal(found.tsize, 8192);
  assert.ok(Math.abs(found.blocks * found.bsize - onDisk.blocks * onDisk.bsize) < found.bsize);
  assert.ok(found.bavail <= found.bfree && found.bfree <= found.blocks);
});

test('STATFS: more blocks than 31 bits count are told as larger blocks', async (t) => {
  const server = await serve(t);
  const none = { totalFiles: 0n, freeFiles: 0n, availableFiles: 0n };
  server.replace('space', () => ({ totalBytes: 1n << 60n, freeBytes: 1n << 59n, availableBytes: 1n << 58n, ...none }));
  const { bsize, blocks, bfree, bavail } = await server.ok('STATFS', { file: server.root });
  assert.ok(blocks < 2 ** 31);
  assert.deepEqual([bsize * blocks, bsize * bfree, bsize * bavail], [2 ** 60, 2 ** 59, 2 ** 58]);
});

test('STATFS: handles that name no file: NFSERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'STATFS', (file) => ({ file }));
});

test('STATFS: what the file system fails with is the status', async (t) => {
  const server = await serve(t);
  await assertFailures(server, 'STATFS', { file: server.root }, 'space', ['IO', 'STALE']);
});
