import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFS3ERR_EXIST, NFS3ERR_INVAL, NFS3ERR_NOTDIR } from '../../../src/nfs/v3/status.ts';
import { EXCLUSIVE, GUARDED, SET_TO_CLIENT_TIME, UNCHECKED } from '../../../src/nfs/v3/types.ts';
import { FileType } from '../../../src/vfs/index.ts';
import {
  assertAttributes,
  assertChanged,
  assertFailures,
  assertHandlesRefused,
  assertNamesRefused,
  assertStatus,
  assertUnchanged,
  at,
  BAD_NAMES,
  type Server,
  sattr,
  serve,
} from './harness.ts';

const unchecked = { mode: UNCHECKED, obj_attributes: sattr() } as const;
const guarded = { mode: GUARDED, obj_attributes: sattr() } as const;
const exclusive = (verf: string) => ({ mode: EXCLUSIVE, verf: Buffer.from(verf) }) as const;
const rootNow = async (server: Server) => (await server.ok('GETATTR', { object: server.root })).obj_attributes;

for (const [name, how] of [
  ['UNCHECKED', { mode: UNCHECKED, obj_attributes: sattr({ mode: 0o640 }) }],
  ['GUARDED', { mode: GUARDED, obj_attributes: sattr({ mode: 0o640 }) }],
] as const) {
  test(`CREATE ${name}: a file, its handle and attributes, the directory before and after (§3.3.8)`, async (t) => {
    const server = await serve(t);
    const before = await rootNow(server);
    const made = await server.ok('CREATE', { where: at(server.root, 'new'), how });
    assertChanged(made.dir_wcc, before, await rootNow(server));
    assert.equal(made.obj_attributes?.type, FileType.REG);
    assert.equal(made.obj_attributes.mode, 0o640);
    assert.deepEqual(made.obj, await server.handle('new'));
    assertAttributes(made.obj_attributes, (await server.ok('GETATTR', { object: made.obj })).obj_attributes);
  });
}

test('CREATE: all attributes at once, times too', async (t) => {
  const server = await serve(t);
  const obj_attributes = sattr({
    mode: 0o600,
    size: 7,
    mtime: { set_it: SET_TO_CLIENT_TIME, time: { seconds: 12, nseconds: 34 } },
  });
  const made = await server.ok('CREATE', { where: at(server.root, 'new'), how: { mode: GUARDED, obj_attributes } });
  const { size, mtimeSeconds, mtimeNanoseconds } = made.obj_attributes!;
  assert.deepEqual([size, mtimeSeconds, mtimeNanoseconds], [7, 12, 34]);
});

test('CREATE UNCHECKED of an existing file: that file, cut only if size 0 is asked (§3.3.8)', async (t) => {
  const server = await serve(t);
  const path = join(server.folder, 'file');
  await writeFile(path, 'hello', { mode: 0o600 });
  const where = at(server.root, 'file');
  const kept = await server.ok('CREATE', {
    where,
    how: { mode: UNCHECKED, obj_attributes: sattr({ mode: 0o777 }) },
  });
  assert.deepEqual(kept.obj, await server.handle('file'));
  assert.deepEqual([kept.obj_attributes?.size, kept.obj_attributes?.mode], [5, 0o600]);
  await server.ok('CREATE', { where, how: { mode: UNCHECKED, obj_attributes: sattr({ size: 0 }) } });
  assert.equal(await readFile(path, 'utf8'), '');
});

test('CREATE GUARDED of an existing name: NFS3ERR_EXIST, with the directory’s attributes (§3.3.8)', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), 'hello');
  const before = await rootNow(server);
  const result = await server.call('CREATE', { where: at(server.root, 'file'), how: guarded });
  assertStatus(result, NFS3ERR_EXIST);
  assertUnchanged(result.dir_wcc, before);
});

test('CREATE UNCHECKED of a directory’s name: NFS3ERR_EXIST (§3.3.8)', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'directory'));
  assertStatus(await server.call('CREATE', { where: at(server.root, 'directory'), how: unchecked }), NFS3ERR_EXIST);
});

test('CREATE EXCLUSIVE: again with its verifier the same file, with another NFS3ERR_EXIST (§3.3.8)', async (t) => {
  const server = await serve(t);
  const where = at(server.root, 'new');
  const first = await server.ok('CREATE', { where, how: exclusive('12345678') });
  const again = await server.ok('CREATE', { where, how: exclusive('12345678') });
  assert.deepEqual(again.obj, first.obj);
  assert.equal(again.obj_attributes?.type, FileType.REG);
  assertStatus(await server.call('CREATE', { where, how: exclusive('12345679') }), NFS3ERR_EXIST);
});

test('CREATE EXCLUSIVE of a file that was there before: NFS3ERR_EXIST', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  assertStatus(
    await server.call('CREATE', { where: at(server.root, 'file'), how: exclusive('abcdefgh') }),
    NFS3ERR_EXIST,
  );
});

test('CREATE of . and ..: NFS3ERR_EXIST', async (t) => {
  const server = await serve(t);
  for (const name of ['.', '..']) {
    assertStatus(await server.call('CREATE', { where: at(server.root, name), how: unchecked }), NFS3ERR_EXIST);
  }
});

test('CREATE in a file: NFS3ERR_NOTDIR', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const where = at(await server.handle('file'), 'x');
  assertStatus(await server.call('CREATE', { where, how: unchecked }), NFS3ERR_NOTDIR);
});

test('CREATE: names that cannot be: NFS3ERR_ACCES, NFS3ERR_NAMETOOLONG (§3.2)', async (t) => {
  const server = await serve(t);
  await assertNamesRefused(server, 'CREATE', (name) => ({ where: at(server.root, name), how: guarded }), BAD_NAMES);
});

test('CREATE: a time that cannot be: NFS3ERR_INVAL, and no file', async (t) => {
  const server = await serve(t);
  const atime = { set_it: SET_TO_CLIENT_TIME, time: { seconds: 1, nseconds: 2 ** 30 } } as const;
  const how = { mode: GUARDED, obj_attributes: sattr({ atime }) } as const;
  const where = at(server.root, 'new');
  assertStatus(await server.call('CREATE', { where, how }), NFS3ERR_INVAL);
  await server.ok('CREATE', { where, how: guarded });
});

test('CREATE: a handle that is none, or whose directory is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'CREATE', (dir) => ({ where: at(dir, 'x'), how: guarded }));
});

test('CREATE: what the file system fails with is the status, with the directory’s attributes (§3.3.8)', async (t) => {
  const server = await serve(t);
  const before = await rootNow(server);
  const args = { where: at(server.root, 'new'), how: guarded };
  const codes = ['IO', 'ACCES', 'EXIST', 'NOTDIR', 'NOSPC', 'ROFS', 'DQUOT', 'NOTSUPP', 'JUKEBOX'] as const;
  await assertFailures(server, 'CREATE', args, 'create', codes, (result) => assertUnchanged(result.dir_wcc, before));
});
