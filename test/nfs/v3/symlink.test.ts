import assert from 'node:assert/strict';
import { readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFS3ERR_EXIST, NFS3ERR_INVAL, NFS3ERR_NAMETOOLONG, NFS3ERR_NOTDIR } from '../../../src/nfs/v3/status.ts';
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
const to = (target: string | Buffer) => ({
  symlink_attributes: sattr({ mode: 0o777 }),
  symlink_data: Buffer.from(target),
});

test('SYMLINK: a link with this text, its handle and attributes, the directory before and after (§3.3.10)', async (t) => {
  const server = await serve(t);
  const before = await rootNow(server);
  const target = Buffer.concat([Buffer.from('../'), Buffer.from([0xff, 0x0a])]);
  const made = await server.ok('SYMLINK', { where: at(server.root, 'link'), symlink: to(target) });
  assertChanged(made.dir_wcc, before, await rootNow(server));
  assert.deepEqual(await readlink(join(server.folder, 'link'), 'buffer'), target);
  assert.deepEqual([made.obj_attributes?.type, made.obj_attributes?.size], [FileType.LNK, target.length]);
  assert.deepEqual(made.obj, await server.handle('link'));
});

test('SYMLINK of an existing name, of . and of ..: NFS3ERR_EXIST (§3.3.10)', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const before = await rootNow(server);
  for (const name of ['file', '.', '..']) {
    const result = await server.call('SYMLINK', { where: at(server.root, name), symlink: to('x') });
    assertStatus(result, NFS3ERR_EXIST);
    assertUnchanged(result.dir_wcc, before);
  }
});

test('SYMLINK: an empty text and one with NUL: NFS3ERR_INVAL; one longer than a path: NFS3ERR_NAMETOOLONG', async (t) => {
  const server = await serve(t);
  const where = at(server.root, 'link');
  assertStatus(await server.call('SYMLINK', { where, symlink: to('') }), NFS3ERR_INVAL);
  assertStatus(await server.call('SYMLINK', { where, symlink: to('a\0b') }), NFS3ERR_INVAL);
  assertStatus(await server.call('SYMLINK', { where, symlink: to('x'.repeat(4096)) }), NFS3ERR_NAMETOOLONG);
  await server.ok('SYMLINK', { where, symlink: to('x'.repeat(4095)) });
});

test('SYMLINK in a file: NFS3ERR_NOTDIR', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const where = at(await server.handle('file'), 'x');
  assertStatus(await server.call('SYMLINK', { where, symlink: to('x') }), NFS3ERR_NOTDIR);
});

test('SYMLINK: names that cannot be: NFS3ERR_ACCES, NFS3ERR_NAMETOOLONG (§3.2)', async (t) => {
  const server = await serve(t);
  await assertNamesRefused(server, 'SYMLINK', (name) => ({ where: at(server.root, name), symlink: to('x') }));
});

test('SYMLINK: a handle that is none, or whose directory is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'SYMLINK', (dir) => ({ where: at(dir, 'x'), symlink: to('x') }));
});

test('SYMLINK: what the file system fails with is the status, with the directory’s attributes (§3.3.10)', async (t) => {
  const server = await serve(t);
  const before = await rootNow(server);
  const args = { where: at(server.root, 'link'), symlink: to('x') };
  const codes = ['IO', 'ACCES', 'NOSPC', 'ROFS', 'DQUOT', 'NOTSUPP', 'JUKEBOX'] as const;
  await assertFailures(server, 'SYMLINK', args, 'symlink', codes, (result) => assertUnchanged(result.dir_wcc, before));
});
