import assert from 'node:assert/strict';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFSERR_ACCES, NFSERR_EXIST, NFSERR_ISDIR, NFSERR_NOTDIR } from '../../../src/nfs/v2/status.ts';
import { assertFailures, assertHandlesRefused, assertNamesRefused, assertStatus, at, serve } from './harness.ts';

test('LINK: another name for the same file (RFC 1094 §2.2.13)', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const from = await server.handle('file');
  await server.ok('LINK', { from, to: at(server.root, 'second') });
  assert.deepEqual(await server.handle('second'), from);
  assert.equal((await stat(join(server.folder, 'second'))).nlink, 2);
});

test('LINK onto a name that is there, . or ..: NFSERR_EXIST', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const from = await server.handle('file');
  for (const name of ['file', '.', '..']) {
    assertStatus(await server.call('LINK', { from, to: at(server.root, name) }), NFSERR_EXIST);
  }
});

test('LINK of a directory: NFSERR_ISDIR; into a file: NFSERR_NOTDIR; across exports: NFSERR_ACCES', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'directory'));
  await writeFile(join(server.folder, 'file'), '');
  const file = await server.handle('file');
  const directory = await server.handle('directory');
  assertStatus(await server.call('LINK', { from: directory, to: at(server.root, 'x') }), NFSERR_ISDIR);
  assertStatus(await server.call('LINK', { from: file, to: at(file, 'x') }), NFSERR_NOTDIR);
  assertStatus(await server.call('LINK', { from: file, to: at(server.otherRoot, 'x') }), NFSERR_ACCES);
});

test('LINK: names that cannot be: NFSERR_ACCES, NFSERR_NAMETOOLONG', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const from = await server.handle('file');
  await assertNamesRefused(server, 'LINK', (name) => ({ from, to: at(server.root, name) }));
});

test('LINK: handles that name no file: NFSERR_STALE', async (t) => {
  const server = await serve(t);
  await assertHandlesRefused(server, 'LINK', (from) => ({ from, to: at(server.root, 'x') }));
  await assertHandlesRefused(server, 'LINK', (dir) => ({ from: server.root, to: at(dir, 'x') }));
});

test('LINK: what the file system fails with is the status', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const args = { from: await server.handle('file'), to: at(server.root, 'x') };
  const codes = ['IO', 'ACCES', 'PERM', 'EXIST', 'NOSPC', 'DQUOT', 'ROFS', 'MLINK', 'NOTSUPP'] as const;
  await assertFailures(server, 'LINK', args, 'link', codes);
});
