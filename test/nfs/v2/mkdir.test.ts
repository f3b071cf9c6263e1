import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFSERR_EXIST, NFSERR_NOTDIR } from '../../../src/nfs/v2/status.ts';
import { assertFailures, assertHandlesRefused, assertNamesRefused, assertStatus, at, sattr, serve } from './harness.ts';

test('MKDIR: a directory with the mode asked for, whatever the size says (RFC 1094 §2.2.15)', async (t) => {
  const server = await serve(t);
  const made = await server.ok('MKDIR', {
    where: at(server.root, 'new'),
    attributes: sattr({ mode: 0o750, size: 0 }),
  });
  assert.deepEqual([made.attributes.type, made.attributes.mode], [2, 0o040750]);
  assert.deepEqual(await server.handle('new'), made.file);
});

test('MKDIR of a name that is there, . or ..: NFSERR_EXIST; in a file: NFSERR_NOTDIR', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  for (const name of ['file', '.', '..']) {
    assertStatus(await server.call('MKDIR', { where: at(server.root, name), attributes: sattr() }), NFSERR_EXIST);
  }
  const where = at(await server.handle('file'), 'x');
  assertStatus(await server.call('MKDIR', { where, attributes: sattr() }), NFSERR_NOTDIR);
});

test('MKDIR: names that cannot be: NFSERR_ACCES, NFSERR_NAMETOOLONG', async (t) => {
  const server = await serve(t);
  await assertNamesRefused(server, 'MKDIR', (name) => ({ where: at(server.root, name), attributes: sattr() }));
});

test('MKDIR: handles that name no directory: NFSERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'MKDIR', (dir) => ({ where: at(dir, 'x'), attributes: sattr() }));
});

test('MKDIR: what the file system fails with is the status', async (t) => {
  const server = await serve(t);
  const args = { where: at(server.root, 'x'), attributes: sattr() };
  await assertFailures(server, 'MKDIR', args, 'mkdir', ['IO', 'ACCES', 'EXIST', 'NOSPC', 'DQUOT', 'ROFS', 'MLINK']);
});
