import assert from 'node:assert/strict';
import { readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFSERR_EXIST, NFSERR_IO, NFSERR_NAMETOOLONG, NFSERR_NOTDIR } from '../../../src/nfs/v2/status.ts';
import { assertFailures, assertHandlesRefused, assertNamesRefused, assertStatus, at, sattr, serve } from './harness.ts';

const symlink = (dir: Buffer, name: string | Buffer, text: string) => ({
  ...{ from: at(dir, name), to: Buffer.from(text) },
  attributes: sattr({ mode: 0o120777, size: 0 }),
});

test('SYMLINK: a link with its text, unread; of up to 1024 bytes (RFC 1094 §2.2.14)', async (t) => {
  const server = await serve(t);
  await server.ok('SYMLINK', symlink(server.root, 'link', '../../no such place'));
  assert.equal(await readlink(join(server.folder, 'link')), '../../no such place');
  await server.ok('SYMLINK', symlink(server.root, 'longest', 'x'.repeat(1024)));
  assertStatus(await server.call('SYMLINK', symlink(server.root, 'long', 'x'.repeat(1025))), NFSERR_NAMETOOLONG);
});

test('SYMLINK with an empty text, or one with NUL: NFSERR_IO', async (t) => {
  const server = await serve(t);
  for (const text of ['', 'a\0b'])
    assertStatus(await server.call('SYMLINK', symlink(server.root, 'x', text)), NFSERR_IO);
});

test('SYMLINK onto a name that is there, . or ..: NFSERR_EXIST; in a file: NFSERR_NOTDIR', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  for (const name of ['file', '.', '..']) {
    assertStatus(await server.call('SYMLINK', symlink(server.root, name, 'x')), NFSERR_EXIST);
  }
  assertStatus(await server.call('SYMLINK', symlink(await server.handle('file'), 'x', 'x')), NFSERR_NOTDIR);
});

test('SYMLINK: names that cannot be: NFSERR_ACCES, NFSERR_NAMETOOLONG', async (t) => {
  const server = await serve(t);
  await assertNamesRefused(server, 'SYMLINK', (name) => symlink(server.root, name, 'x'));
});

test('SYMLINK: handles that name no directory: NFSERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'SYMLINK', (dir) => symlink(dir, 'x', 'x'));
});

test('SYMLINK: what the file system fails with is the status', async (t) => {
  const server = await serve(t);
  const codes = ['IO', 'ACCES', 'EXIST', 'NOSPC', 'DQUOT', 'ROFS', 'NOTSUPP'] as const;
  await assertFailures(server, 'SYMLINK', symlink(server.root, 'x', 'x'), 'symlink', codes);
});
