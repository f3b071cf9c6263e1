import assert from 'node:assert/strict';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFSERR_IO, NFSERR_NAMETOOLONG } from '../../../src/nfs/v2/status.ts';
import { assertFailures, assertHandlesRefused, assertStatus, serve } from './harness.ts';

test('READLINK: the text, up to 1024 bytes; a longer one is refused, not cut (RFC 1094 §2.2.6)', async (t) => {
  const server = await serve(t);
  const read = async (text: string, name: string) => {
    await symlink(text, join(server.folder, name));
    return server.call('READLINK', { file: await server.handle(name) });
  };
  assert.deepEqual(await read('../some where', 'short'), { status: 0, data: Buffer.from('../some where') });
  assert.deepEqual(await read('x'.repeat(1024), 'longest'), { status: 0, data: Buffer.alloc(1024, 'x') });
  assertStatus(await read('x'.repeat(1025), 'long'), NFSERR_NAMETOOLONG);
});

test('READLINK of what is no symbolic link: NFSERR_IO', async (t) => {
  const server = await serve(t);
  assertStatus(await server.call('READLINK', { file: server.root }), NFSERR_IO);
});

test('READLINK: handles that name no file: NFSERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'READLINK', (file) => ({ file }));
});

test('READLINK: what the file system fails with is the status', async (t) => {
  const server = await serve(t);
  await symlink('x', join(server.folder, 'link'));
  await assertFailures(server, 'READLINK', { file: await server.handle('link') }, 'readlink', ['IO', 'ACCES', 'STALE']);
});
