import assert from 'node:assert/strict';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFS3ERR_ACCES, NFS3ERR_ISDIR, NFS3ERR_NOENT, NFS3ERR_NOTDIR } from '../../../src/nfs/v3/status.ts';
import {
  assertChanged,
  assertFailures,
  assertHandlesRefused,
  assertNamesRefused,
  assertStatus,
  assertUnchanged,
  at,
  type Server,
  serve,
} from './harness.ts';

const rootNow = async (server: Server) => (await server.ok('GETATTR', { object: server.root })).obj_attributes;

test('REMOVE: the name is gone, the directory before and after (§3.3.12)', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const before = await rootNow(server);
  const { dir_wcc } = await server.ok('REMOVE', { object: at(server.root, 'file') });
  assertChanged(dir_wcc, before, await rootNow(server));
  assert.deepEqual(await readdir(server.folder), []);
});

test('REMOVE of a symbolic link: the link, not what it points at', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  await symlink('file', join(server.folder, 'link'));
  await server.ok('REMOVE', { object: at(server.root, 'link') });
  assert.deepEqual(await readdir(server.folder), ['file']);
});

test('REMOVE of a name that is not there: NFS3ERR_NOENT, with the directory’s attributes (§3.3.12)', async (t) => {
  const server = await serve(t);
  const before = await rootNow(server);
  const result = await server.call('REMOVE', { object: at(server.root, 'nothing') });
  assertStatus(result, NFS3ERR_NOENT);
  assertUnchanged(result.dir_wcc, before);
});

test('REMOVE of a directory: NFS3ERR_ISDIR; of . and ..: NFS3ERR_ACCES', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'directory'));
  assertStatus(await server.call('REMOVE', { object: at(server.root, 'directory') }), NFS3ERR_ISDIR);
  const directory = await server.handle('directory');
  for (const name of ['.', '..']) {
    assertStatus(await server.call('REMOVE', { object: at(directory, name) }), NFS3ERR_ACCES);
  }
});

test('REMOVE in a file: NFS3ERR_NOTDIR', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  assertStatus(await server.call('REMOVE', { object: at(await server.handle('file'), 'x') }), NFS3ERR_NOTDIR);
});

test('REMOVE: names that cannot be: NFS3ERR_ACCES, NFS3ERR_NAMETOOLONG (§3.2)', async (t) => {
  const server = await serve(t);
  await assertNamesRefused(server, 'REMOVE', (name) => ({ object: at(server.root, name) }));
});

test('REMOVE: a handle that is none, or whose directory is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'REMOVE', (dir) => ({ object: at(dir, 'x') }));
});

test('REMOVE: what the file system fails with is the status, with the directory’s attributes (§3.3.12)', async (t) => {
  const server = await serve(t);
  const before = await rootNow(server);
  const args = { object: at(server.root, 'file') };
  const codes = ['PERM', 'IO', 'ACCES', 'ROFS', 'JUKEBOX'] as const;
  await assertFailures(server, 'REMOVE', args, 'remove', codes, (result) => assertUnchanged(result.dir_wcc, before));
});
