import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFSERR_ACCES, NFSERR_ISDIR, NFSERR_NOENT } from '../../../src/nfs/v2/status.ts';
import { assertFailures, assertHandlesRefused, assertNamesRefused, assertStatus, at, serve } from './harness.ts';

test('REMOVE: the name is gone (RFC 1094 §2.2.11)', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  await server.ok('REMOVE', at(server.root, 'file'));
  assert.deepEqual(await readdir(server.folder), []);
  assertStatus(await server.call('REMOVE', at(server.root, 'file')), NFSERR_NOENT);
});

test('REMOVE of a directory: NFSERR_ISDIR; of . and ..: NFSERR_ACCES', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'directory'));
  assertStatus(await server.call('REMOVE', at(server.root, 'directory')), NFSERR_ISDIR);
  for (const name of ['.', '..']) assertStatus(await server.call('REMOVE', at(server.root, name)), NFSERR_ACCES);
});

test('REMOVE: names that cannot be: NFSERR_ACCES, NFSERR_NAMETOOLONG', async (t) => {
  const server = await serve(t);
  await assertNamesRefused(server, 'REMOVE', (name) => at(server.root, name));
});

test('REMOVE: handles that name no directory: NFSERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'REMOVE', (dir) => at(dir, 'x'));
});

test('REMOVE: what the file system fails with is the status', async (t) => {
  const server = await serve(t);
  const codes = ['IO', 'ACCES', 'PERM', 'NOENT', 'NOTDIR', 'ISDIR', 'ROFS', 'STALE'] as const;
  await assertFailures(server, 'REMOVE', at(server.root, 'x'), 'remove', codes);
});
