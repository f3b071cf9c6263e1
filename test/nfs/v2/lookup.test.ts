import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFSERR_NOENT, NFSERR_NOTDIR } from '../../../src/nfs/v2/status.ts';
import { assertFailures, assertHandlesRefused, assertNamesRefused, assertStatus, at, serve } from './harness.ts';

test('LOOKUP: a name’s handle of 32 bytes, and its attributes (RFC 1094 §2.2.5)', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), 'hello');
  const { file, attributes } = await server.ok('LOOKUP', at(server.root, 'file'));
  assert.equal(file.length, 32);
  assert.deepEqual((await server.ok('GETATTR', { file })).attributes, attributes);
});

test('LOOKUP: `.` is the directory, `..` of the root the root', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'directory'));
  assert.deepEqual((await server.ok('LOOKUP', at(await server.handle('directory'), '..'))).file, server.root);
  assert.deepEqual((await server.ok('LOOKUP', at(server.root, '.'))).file, server.root);
  assert.deepEqual((await server.ok('LOOKUP', at(server.root, '..'))).file, server.root);
});

test('LOOKUP of what is not there: NFSERR_NOENT; in a file: NFSERR_NOTDIR', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  assertStatus(await server.call('LOOKUP', at(server.root, 'nothing')), NFSERR_NOENT);
  assertStatus(await server.call('LOOKUP', at(await server.handle('file'), 'x')), NFSERR_NOTDIR);
});

test('LOOKUP: names that cannot be: NFSERR_ACCES, NFSERR_NAMETOOLONG', async (t) => {
  const server = await serve(t);
  await assertNamesRefused(server, 'LOOKUP', (name) => ({ dir: server.root, name }));
});

test('LOOKUP: handles that name no directory: NFSERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'LOOKUP', (dir) => at(dir, 'x'));
});

test('LOOKUP: what the file system fails with is the status', async (t) => {
  const server = await serve(t);
  await assertFailures(server, 'LOOKUP', at(server.root, 'x'), 'lookup', ['IO', 'ACCES', 'NOENT', 'STALE', 'NXIO']);
});
