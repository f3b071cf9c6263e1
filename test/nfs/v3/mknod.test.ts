import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFS3ERR_BADTYPE, NFS3ERR_EXIST, NFS3ERR_NOTDIR } from '../../../src/nfs/v3/status.ts';
import type { mknoddata3 } from '../../../src/nfs/v3/types.ts';
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

const pipe = (type: number): mknoddata3 => ({
  type,
  device: undefined,
  pipe: { pipe_attributes: sattr({ mode: 0o620 }) },
});
const device = (type: number): mknoddata3 => ({
  type,
  device: { dev_attributes: sattr({ mode: 0o620 }), spec: { specdata1: 1, specdata2: 300 } },
  pipe: undefined,
});

for (const [name, type] of [
  ['NF3SOCK', FileType.SOCK],
  ['NF3FIFO', FileType.FIFO],
] as const) {
  test(`MKNOD ${name}: made, with handle and attributes, the directory before and after (§3.3.11)`, async (t) => {
    const server = await serve(t);
    const before = await rootNow(server);
    const made = await server.ok('MKNOD', { where: at(server.root, 'new'), what: pipe(type) });
    assertChanged(made.dir_wcc, before, await rootNow(server));
    assert.deepEqual([made.obj_attributes?.type, made.obj_attributes?.mode], [type, 0o620]);
    assert.deepEqual(made.obj, await server.handle('new'));
  });
}

const notRoot = process.getuid?.() === 0 ? false : 'root is missing: only root makes devices';
for (const [name, type] of [
  ['NF3CHR', FileType.CHR],
  ['NF3BLK', FileType.BLK],
] as const) {
  test(`MKNOD ${name}: made, with its device numbers (§3.3.11)`, { skip: notRoot }, async (t) => {
    const server = await serve(t);
    const made = await server.ok('MKNOD', { where: at(server.root, 'new'), what: device(type) });
    const { type: found, mode, rdevMajor, rdevMinor } = made.obj_attributes!;
    assert.deepEqual([found, mode, rdevMajor, rdevMinor], [type, 0o620, 1, 300]);
  });
}

test('MKNOD of a type that it does not make, and of one that is none: NFS3ERR_BADTYPE (§3.3.11)', async (t) => {
  const server = await serve(t);
  const before = await rootNow(server);
  for (const type of [0, FileType.REG, FileType.DIR, FileType.LNK, 8, 0xffff_ffff]) {
    const what = { type, device: undefined, pipe: undefined };
    const result = await server.call('MKNOD', { where: at(server.root, 'new'), what });
    assertStatus(result, NFS3ERR_BADTYPE);
    assertUnchanged(result.dir_wcc, before);
  }
});

test('MKNOD of an existing name, of . and of ..: NFS3ERR_EXIST (§3.3.11)', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  for (const name of ['file', '.', '..']) {
    const where = at(server.root, name);
    assertStatus(await server.call('MKNOD', { where, what: pipe(FileType.FIFO) }), NFS3ERR_EXIST);
  }
});

test('MKNOD in a file: NFS3ERR_NOTDIR', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const where = at(await server.handle('file'), 'x');
  assertStatus(await server.call('MKNOD', { where, what: pipe(FileType.FIFO) }), NFS3ERR_NOTDIR);
});

test('MKNOD: names that cannot be: NFS3ERR_ACCES, NFS3ERR_NAMETOOLONG (§3.2)', async (t) => {
  const server = await serve(t);
  const what = pipe(FileType.FIFO);
  await assertNamesRefused(server, 'MKNOD', (name) => ({ where: at(server.root, name), what }));
});

test('MKNOD: a handle that is none, or whose directory is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  const what = pipe(FileType.FIFO);
  await assertHandlesRefused(await serve(t), 'MKNOD', (dir) => ({ where: at(dir, 'x'), what }));
});

test('MKNOD: what the file system fails with is the status, with the directory’s attributes (§3.3.11)', async (t) => {
  const server = await serve(t);
  const before = await rootNow(server);
  const args = { where: at(server.root, 'new'), what: pipe(FileType.FIFO) };
  const codes = ['PERM', 'IO', 'ACCES', 'NOSPC', 'ROFS', 'DQUOT', 'NOTSUPP', 'JUKEBOX'] as const;
  await assertFailures(server, 'MKNOD', args, 'mknod', codes, (result) => assertUnchanged(result.dir_wcc, before));
});
