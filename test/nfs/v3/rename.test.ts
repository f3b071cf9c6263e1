import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  NFS3ERR_ACCES,
  NFS3ERR_EXIST,
  NFS3ERR_INVAL,
  NFS3ERR_NAMETOOLONG,
  NFS3ERR_NOENT,
  NFS3ERR_NOTDIR,
  NFS3ERR_NOTEMPTY,
  NFS3ERR_XDEV,
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

async function twoDirectories(t: Parameters<typeof serve>[0]) {
  const server = await serve(t);
  await mkdir(join(server.folder, 'a'));
  await mkdir(join(server.folder, 'b'));
  await writeFile(join(server.folder, 'a', 'file'), 'hello');
  const [a, b] = [await server.handle('a'), await server.handle('b')];
  const now = async (object: Buffer) => (await server.ok('GETATTR', { object })).obj_attributes;
  return { server, a, b, now };
}

async function move(server: Server, from: string, to: string) {
  return server.call('RENAME', { from: at(server.root, from), to: at(server.root, to) });
}

test('RENAME to another directory: moved, both directories before and after (§3.3.14)', async (t) => {
  const { server, a, b, now } = await twoDirectories(t);
  const file = await server.handle('a/file');
  const [fromBefore, toBefore] = [await now(a), await now(b)];
  const result = await server.ok('RENAME', { from: at(a, 'file'), to: at(b, 'moved') });
  assertChanged(result.fromdir_wcc, fromBefore, await now(a));
  assertChanged(result.todir_wcc, toBefore, await now(b));
  assert.deepEqual(await server.handle('b/moved'), file);
  assert.deepEqual(await readdir(join(server.folder, 'a')), []);
});

test('RENAME in one directory: the same directory twice in the result', async (t) => {
  const { server, a, now } = await twoDirectories(t);
  const before = await now(a);
  const result = await server.ok('RENAME', { from: at(a, 'file'), to: at(a, 'renamed') });
  assertChanged(result.fromdir_wcc, before, await now(a));
  assertChanged(result.todir_wcc, before, await now(a));
});

test('RENAME onto a file: it is replaced; onto itself: nothing happens (§3.3.14)', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'one'), '1');
  await writeFile(join(server.folder, 'two'), '2');
  assertStatus(await move(server, 'one', 'two'), 0);
  assertStatus(await move(server, 'two', 'two'), 0);
  assert.deepEqual(await readdir(server.folder), ['two']);
  assert.equal(await readFile(join(server.folder, 'two'), 'utf8'), '1');
});

test('RENAME of a directory onto an empty one: it is replaced', async (t) => {
  const { server } = await twoDirectories(t);
  assertStatus(await move(server, 'a', 'b'), 0);
  assert.deepEqual(await readdir(join(server.folder, 'b')), ['file']);
});

test('RENAME of a name that is not there: NFS3ERR_NOENT, with both directories’ attributes', async (t) => {
  const { server, a, b, now } = await twoDirectories(t);
  const result = await server.call('RENAME', { from: at(a, 'nothing'), to: at(b, 'x') });
  assertStatus(result, NFS3ERR_NOENT);
  assertUnchanged(result.fromdir_wcc, await now(a));
  assertUnchanged(result.todir_wcc, await now(b));
});

test('RENAME onto a non-empty directory: NFS3ERR_NOTEMPTY (§3.3.14)', async (t) => {
  const { server } = await twoDirectories(t);
  assertStatus(await move(server, 'b', 'a'), NFS3ERR_NOTEMPTY);
});

test('RENAME of a file onto a directory, or of a directory onto a file: NFS3ERR_EXIST (§3.3.14)', async (t) => {
  const { server } = await twoDirectories(t);
  await writeFile(join(server.folder, 'file'), '');
  assertStatus(await move(server, 'file', 'b'), NFS3ERR_EXIST);
  assertStatus(await move(server, 'b', 'file'), NFS3ERR_EXIST);
});

test('RENAME of a directory into itself: NFS3ERR_INVAL (§3.3.14)', async (t) => {
  const { server, a } = await twoDirectories(t);
  const result = await server.call('RENAME', { from: at(server.root, 'a'), to: at(a, 'inside') });
  assertStatus(result, NFS3ERR_INVAL);
});

test('RENAME of or onto . and ..: NFS3ERR_INVAL (§3.3.14)', async (t) => {
  const { server, a } = await twoDirectories(t);
  for (const name of ['.', '..']) {
    assertStatus(await server.call('RENAME', { from: at(a, name), to: at(a, 'x') }), NFS3ERR_INVAL);
    assertStatus(await server.call('RENAME', { from: at(a, 'file'), to: at(a, name) }), NFS3ERR_INVAL);
  }
});

test('RENAME across exports: NFS3ERR_XDEV (§3.3.14)', async (t) => {
  const { server, a, now } = await twoDirectories(t);
  const result = await server.call('RENAME', { from: at(a, 'file'), to: at(server.otherRoot, 'file') });
  assertStatus(result, NFS3ERR_XDEV);
  assertUnchanged(result.fromdir_wcc, await now(a));
  assertUnchanged(result.todir_wcc, await now(server.otherRoot));
});

test('RENAME from or to a file: NFS3ERR_NOTDIR', async (t) => {
  const { server, a } = await twoDirectories(t);
  const file = await server.handle('a/file');
  assertStatus(await server.call('RENAME', { from: at(file, 'x'), to: at(a, 'y') }), NFS3ERR_NOTDIR);
  assertStatus(await server.call('RENAME', { from: at(a, 'file'), to: at(file, 'y') }), NFS3ERR_NOTDIR);
});

test('RENAME: names that cannot be, on either side: NFS3ERR_ACCES, NFS3ERR_NAMETOOLONG (§3.2)', async (t) => {
  const { server, a, b } = await twoDirectories(t);
  await assertNamesRefused(server, 'RENAME', (name) => ({ from: at(a, name), to: at(b, 'x') }));
  await assertNamesRefused(server, 'RENAME', (name) => ({ from: at(a, 'file'), to: at(b, name) }), [
    { name: '', status: NFS3ERR_ACCES, why: 'the empty name' },
    { name: 'a/b', status: NFS3ERR_ACCES, why: 'a name with a slash' },
    { name: 'n'.repeat(256), status: NFS3ERR_NAMETOOLONG, why: 'a name of 256 bytes' },
  ]);
});

test('RENAME: a handle that is none, or whose directory is gone, on either side: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  const { server, a } = await twoDirectories(t);
  await assertHandlesRefused(server, 'RENAME', (dir) => ({ from: at(dir, 'x'), to: at(a, 'y') }));
  await assertHandlesRefused(server, 'RENAME', (dir) => ({ from: at(a, 'file'), to: at(dir, 'y') }));
});

test('RENAME: the second handle is bad: the first directory’s attributes are told all the same', async (t) => {
  const { server, a, now } = await twoDirectories(t);
  const result = await server.call('RENAME', { from: at(a, 'file'), to: at(Buffer.alloc(32), 'y') });
  assertUnchanged(result.fromdir_wcc, await now(a));
  assert.deepEqual(result.todir_wcc, { before: undefined, after: undefined });
});

test('RENAME: what the file system fails with is the status, with both directories’ attributes (§3.3.14)', async (t) => {
  const { server, a, b, now } = await twoDirectories(t);
  const [fromNow, toNow] = [await now(a), await now(b)];
  const args = { from: at(a, 'file'), to: at(b, 'file') };
  const codes = ['PERM', 'IO', 'ACCES', 'EXIST', 'MLINK', 'NOSPC', 'ROFS', 'DQUOT', 'NOTSUPP', 'JUKEBOX'] as const;
  await assertFailures(server, 'RENAME', args, 'rename', codes, (result) => {
    assertUnchanged(result.fromdir_wcc, fromNow);
    assertUnchanged(result.todir_wcc, toNow);
  });
});
