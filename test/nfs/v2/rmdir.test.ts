import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFSERR_ACCES, NFSERR_NOENT, NFSERR_NOTDIR, NFSERR_NOTEMPTY } from '../../../src/nfs/v2/status.ts';
import { assertFailures, assertHandlesRefused, assertNamesRefused, assertStatus, at, serve } from './harness.ts';

test('RMDIR: an empty directory is gone (RFC 1094 §2.2.16)', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'directory'));
  await server.ok('RMDIR', at(server.root, 'directory'));
  assert.deepEqual(await readdir(server.folder), []);
  assertStatus(await server.call('RMDIR', at(server.root, 'directory')), NFSERR_NOENT);
});

test('RMDIR of a full one: NFSERR_NOTEMPTY; of a file: NFSERR_NOTDIR; of . and ..: NFSERR_ACCES', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'full', 'inside'), { recursive: true });
  await writeFile(join(server.folder, 'file'), '');
  assertStatus(await server.call('RMDIR', at(server.root, 'full')), NFSERR_NOTEMPTY);
  assertStatus(await server.call('RMDIR', at(server.root, 'file')), NFSERR_NOTDIR);
  for (const name of ['.', '..']) assertStatus(await server.call('RMDIR', at(server.root, name)), NFSERR_ACCES);
});

test('RMDIR: names that cannot be: NFSERR_ACCES, NFSERR_NAMETOOLONG', async (t) => {
  const server = await serve(t);
  await assertNamesRefused(server, 'RMDIR', (name) => at(server.root, name));
});

test('RMDIR: handles that name no directory: NFSERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'RMDIR', (dir) => at(dir, 'x'));
});

test('RMDIR: what the file system fails with is the status', async (t) => {
  const server = await serve(t);
  const codes = ['IO', 'ACCES', 'PERM', 'NOENT', 'NOTDIR', 'NOTEMPTY', 'ROFS'] as const;
  await assertFailures(server, 'RMDIR', at(server.root, 'x'), 'rmdir', codes);
});
