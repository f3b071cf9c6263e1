import assert from 'node:assert/strict';
import { lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFSERR_EXIST, NFSERR_IO, NFSERR_NOTDIR } from '../../../src/nfs/v2/status.ts';
import { FileType, type NodeKind } from '../../../src/vfs/index.ts';
import { assertFailures, assertHandlesRefused, assertNamesRefused, assertStatus, at, sattr, serve } from './harness.ts';

test('CREATE: an empty file with the mode asked for, its handle and attributes (RFC 1094 §2.2.10)', async (t) => {
  const server = await serve(t);
  const where = at(server.root, 'new');
  const { file, attributes } = await server.ok('CREATE', { where, attributes: sattr({ mode: 0o100640 }) });
  assert.deepEqual([attributes.type, attributes.mode, attributes.size], [1, 0o100640, 0]);
  assert.deepEqual(await server.handle('new'), file);
  assert.equal((await lstat(join(server.folder, 'new'))).mode, 0o100640);
});

test('CREATE of a file that is there: it stays, but gets the size asked for', async (t) => {
  const server = await serve(t);
  const path = join(server.folder, 'file');
  await writeFile(path, 'hello', { mode: 0o644 });
  const where = at(server.root, 'file');
  const kept = await server.ok('CREATE', { where, attributes: sattr({ mode: 0o600 }) });
  assert.deepEqual([kept.attributes.size, kept.attributes.mode], [5, 0o100644]);
  const cut = await server.ok('CREATE', { where, attributes: sattr({ size: 0 }) });
  assert.equal(cut.attributes.size, 0);
  assert.equal(await readFile(path, 'utf8'), '');
});

test('CREATE with type bits makes FIFOs, sockets and devices, as Sun’s and Linux’s clients ask for them', async (t) => {
  const server = await serve(t);
  const made: NodeKind[] = [];
  const { fileSystem, caller } = server.views[0];
  server.views[0].mknod = (directory, name, kind, attributes) => {
    made.push(kind);
    assert.equal(attributes.size, undefined, 'the size was a device’s number');
    return fileSystem.mknod(caller, directory, name, { type: FileType.FIFO }, attributes);
  };
  const asked = [
    [0o010644, {}, { type: FileType.FIFO }],
    [0o020644, {}, { type: FileType.FIFO }],
    [0o140644, {}, { type: FileType.SOCK }],
    [0o020644, { size: 0x10_032c }, { type: FileType.CHR, major: 3, minor: 300 }],
    [0o060644, { size: 0xffff_fffe }, { type: FileType.BLK, major: 0xfff, minor: 0xf_fffe }],
  ] as const;
  for (const [index, [mode, size]] of asked.entries()) {
    await server.ok('CREATE', { where: at(server.root, `node ${index}`), attributes: sattr({ mode, ...size }) });
  }
  assert.deepEqual(
    made,
    asked.map(([, , kind]) => kind),
  );
  assert.ok((await lstat(join(server.folder, 'node 0'))).isFIFO());
});

test('CREATE of a directory or a symbolic link by type bits: NFSERR_IO', async (t) => {
  const server = await serve(t);
  for (const mode of [0o040755, 0o120777]) {
    assertStatus(await server.call('CREATE', { where: at(server.root, 'x'), attributes: sattr({ mode }) }), NFSERR_IO);
  }
});

test('CREATE of a name that a directory has, of . and of ..: NFSERR_EXIST', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'directory'));
  for (const name of ['directory', '.', '..']) {
    assertStatus(await server.call('CREATE', { where: at(server.root, name), attributes: sattr() }), NFSERR_EXIST);
  }
});

test('CREATE in a file: NFSERR_NOTDIR', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const where = at(await server.handle('file'), 'x');
  assertStatus(await server.call('CREATE', { where, attributes: sattr() }), NFSERR_NOTDIR);
});

test('CREATE: names that cannot be: NFSERR_ACCES, NFSERR_NAMETOOLONG', async (t) => {
  const server = await serve(t);
  await assertNamesRefused(server, 'CREATE', (name) => ({ where: at(server.root, name), attributes: sattr() }));
});

test('CREATE: handles that name no directory: NFSERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'CREATE', (dir) => ({ where: at(dir, 'x'), attributes: sattr() }));
});

test('CREATE: what the file system fails with is the status', async (t) => {
  const server = await serve(t);
  const args = { where: at(server.root, 'x'), attributes: sattr() };
  const codes = ['IO', 'ACCES', 'EXIST', 'NOTDIR', 'NOSPC', 'ROFS', 'DQUOT', 'PERM', 'MLINK', 'NODEV'] as const;
  await assertFailures(server, 'CREATE', args, 'create', codes);
});
