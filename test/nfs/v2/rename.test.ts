import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFSERR_ACCES, NFSERR_IO, NFSERR_NOENT, NFSERR_NOTDIR, NFSERR_NOTEMPTY } from '../../../src/nfs/v2/status.ts';
import { assertFailures, assertHandlesRefused, assertNamesRefused, assertStatus, at, serve } from './harness.ts';

test('RENAME: a name moves, also to another directory, and replaces what is there (RFC 1094 §2.2.12)', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'directory'));
  await writeFile(join(server.folder, 'file'), 'moved');
  await writeFile(join(server.folder, 'directory', 'target'), 'replaced');
  await server.ok('RENAME', { from: at(server.root, 'file'), to: at(await server.handle('directory'), 'target') });
  assert.deepEqual(await readdir(server.folder), ['directory']);
  assert.equal(await readFile(join(server.folder, 'directory', 'target'), 'utf8'), 'moved');
});

test('RENAME of what is not there: NFSERR_NOENT; onto a full directory: NFSERR_NOTEMPTY; into itself: NFSERR_IO', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'full', 'inside'), { recursive: true });
  await mkdir(join(server.folder, 'other'));
  const rename = (from: string, to: string) =>
    server.call('RENAME', { from: at(server.root, from), to: at(server.root, to) });
  assertStatus(await rename('nothing', 'x'), NFSERR_NOENT);
  assertStatus(await rename('other', 'full'), NFSERR_NOTEMPTY);
  const to = at(await server.handle('full/inside'), 'x');
  assertStatus(await server.call('RENAME', { from: at(server.root, 'full'), to }), NFSERR_IO);
});

test('RENAME to another export, or of . and ..: NFSERR_ACCES', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const from = at(server.root, 'file');
  assertStatus(await server.call('RENAME', { from, to: at(server.otherRoot, 'file') }), NFSERR_ACCES);
  assertStatus(await server.call('RENAME', { from, to: at(server.root, '..') }), NFSERR_ACCES);
  assertStatus(await server.call('RENAME', { from: at(server.root, '.'), to: at(server.root, 'x') }), NFSERR_ACCES);
});

test('RENAME from or to a file: NFSERR_NOTDIR', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const inFile = at(await server.handle('file'), 'x');
  const inRoot = at(server.root, 'file');
  assertStatus(await server.call('RENAME', { from: inFile, to: inRoot }), NFSERR_NOTDIR);
  assertStatus(await server.call('RENAME', { from: inRoot, to: inFile }), NFSERR_NOTDIR);
});

test('RENAME: names that cannot be, on either side: NFSERR_ACCES, NFSERR_NAMETOOLONG', async (t) => {
  const server = await serve(t);
  const good = at(server.root, 'x');
  await assertNamesRefused(server, 'RENAME', (name) => ({ from: at(server.root, name), to: good }));
  await assertNamesRefused(server, 'RENAME', (name) => ({ from: good, to: at(server.root, name) }));
});

test('RENAME: handles that name no directory, on either side: NFSERR_STALE', async (t) => {
  const server = await serve(t);
  const good = at(server.root, 'x');
  await assertHandlesRefused(server, 'RENAME', (dir) => ({ from: at(dir, 'x'), to: good }));
  await assertHandlesRefused(server, 'RENAME', (dir) => ({ from: good, to: at(dir, 'x') }));
});

test('RENAME: what the file system fails with is the status', async (t) => {
  const server = await serve(t);
  const args = { from: at(server.root, 'x'), to: at(server.root, 'y') };
  const codes = [
    'IO',
    'ACCES',
    'PERM',
    'EXIST',
    'NOTEMPTY',
    'NOSPC',
    'DQUOT',
    'ROFS',
    'MLINK',
    'XDEV',
    'INVAL',
  ] as const;
  await assertFailures(server, 'RENAME', args, 'rename', codes);
});
