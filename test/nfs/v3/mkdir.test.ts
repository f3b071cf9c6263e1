import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFS3ERR_EXIST, NFS3ERR_NOTDIR } from '../../../src/nfs/v3/status.ts';
import { FileType } from '../../../src/vfs/index.ts';
import {
  assertChanged,
  assertFailures,
  assertHandlesRefused,
  assertNamesRefused,
  assertStatus,
  assertUnchanged,
  at,
  type Server,
  sattr,
  serve,
} from './harness.ts';

const rootNow = async (server: Server) => (await server.ok('GETATTR', { object: server.root })).obj_attributes;

test('MKDIR: a directory, its handle and attributes, the parent before and after (§3.3.9)', async (t) => {
  const server = await serve(t);
  const before = await rootNow(server);
  const made = await server.ok('MKDIR', { where: at(server.root, 'new'), attributes: sattr({ mode: 0o750 }) });
  const after = await rootNow(server);
  assertChanged(made.dir_wcc, before, after);
  assert.equal(after.nlink, before.nlink + 1);
  assert.deepEqual([made.obj_attributes?.type, made.obj_attributes?.mode], [FileType.DIR, 0o750]);
  assert.deepEqual(made.obj, await server.handle('new'));
});

test('MKDIR of an existing name, of . and of ..: NFS3ERR_EXIST (§3.3.9)', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const before = await rootNow(server);
  for (const name of ['file', '.', '..']) {
    const result = await server.call('MKDIR', { where: at(server.root, name), attributes: sattr() });
    assertStatus(result, NFS3ERR_EXIST);
    assertUnchanged(result.dir_wcc, before);
  }
});

test('MKDIR in a file: NFS3ERR_NOTDIR', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const where = at(await server.handle('file'), 'x');
  assertStatus(await server.call('MKDIR', { where, attributes: sattr() }), NFS3ERR_NOTDIR);
});

test('MKDIR: names that cannot be: NFS3ERR_ACCES, NFS3ERR_NAMETOOLONG (§3.2)', async (t) => {
  const server = await serve(t);
  await assertNamesRefused(server, 'MKDIR', (name) => ({ where: at(server.root, name), attributes: sattr() }));
});

test('MKDIR: a handle that is none, or whose directory is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'MKDIR', (dir) => ({ where: at(dir, 'x'), attributes: sattr() }));
});

test('MKDIR: what the file system fails with is the status, with the parent’s attributes (§3.3.9)', async (t) => {
  const server = await serve(t);
  const before = await rootNow(server);
  const args = { where: at(server.root, 'new'), attributes: sattr() };
  const codes = ['IO', 'ACCES', 'MLINK', 'NOSPC', 'ROFS', 'DQUOT', 'NOTSUPP', 'JUKEBOX'] as const;
  await assertFailures(server, 'MKDIR', args, 'mkdir', codes, (result) => assertUnchanged(result.dir_wcc, before));
});
