import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  NFS3ERR_EXIST,
  NFS3ERR_INVAL,
  NFS3ERR_NOENT,
  NFS3ERR_NOTDIR,
  NFS3ERR_NOTEMPTY,
} from '../../../src/nfs/v3/status.ts';
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

test('RMDIR: the directory is gone, its parent before and after (§3.3.13)', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'directory'));
  const before = await rootNow(server);
  const { dir_wcc } = await server.ok('RMDIR', { object: at(server.root, 'directory') });
  assertChanged(dir_wcc, before, await rootNow(server));
  assert.deepEqual(await readdir(server.folder), []);
});

for (const [why, name, expected] of [
  ['a directory that is not empty', 'full', NFS3ERR_NOTEMPTY],
  ['a file', 'file', NFS3ERR_NOTDIR],
  ['a name that is not there', 'nothing', NFS3ERR_NOENT],
  ['.', '.', NFS3ERR_INVAL],
  ['..', '..', NFS3ERR_EXIST],
] as const) {
  test(`RMDIR of ${why}: refused, with the parent’s attributes (§3.3.13)`, async (t) => {
    const server = await serve(t);
    await mkdir(join(server.folder, 'full', 'inner'), { recursive: true });
    await writeFile(join(server.folder, 'file'), '');
    const before = await rootNow(server);
    const result = await server.call('RMDIR', { object: at(server.root, name) });
    assertStatus(result, expected);
    assertUnchanged(result.dir_wcc, before);
  });
}

test('RMDIR in a file: NFS3ERR_NOTDIR', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  assertStatus(await server.call('RMDIR', { object: at(await server.handle('file'), 'x') }), NFS3ERR_NOTDIR);
});

test('RMDIR: names that cannot be: NFS3ERR_ACCES, NFS3ERR_NAMETOOLONG (§3.2)', async (t) => {
  const server = await serve(t);
  await assertNamesRefused(server, 'RMDIR', (name) => ({ object: at(server.root, name) }));
});

test('RMDIR: a handle that is none, or whose directory is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'RMDIR', (dir) => ({ object: at(dir, 'x') }));
});

test('RMDIR: what the file system fails with is the status, with the parent’s attributes (§3.3.13)', async (t) => {
  const server = await serve(t);
  const before = await rootNow(server);
  const args = { object: at(server.root, 'directory') };
  const codes = ['PERM', 'IO', 'ACCES', 'ROFS', 'NOTSUPP', 'JUKEBOX'] as const;
  await assertFailures(server, 'RMDIR', args, 'rmdir', codes, (result) => assertUnchanged(result.dir_wcc, before));
});
