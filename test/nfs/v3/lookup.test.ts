import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFS3ERR_NOENT, NFS3ERR_NOTDIR } from '../../../src/nfs/v3/status.ts';
import {
  assertAttributes,
  assertFailures,
  assertHandlesRefused,
  assertNamesRefused,
  assertStatus,
  at,
  serve,
} from './harness.ts';

test('LOOKUP: the handle and the attributes of a name, and the directory’s (§3.3.3)', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), 'hello');
  const found = await server.ok('LOOKUP', { what: at(server.root, 'file') });
  const { obj_attributes } = await server.ok('GETATTR', { object: found.object });
  assertAttributes(found.obj_attributes, obj_attributes);
  assert.equal(obj_attributes.size, 5);
  assertAttributes(found.dir_attributes, (await server.ok('GETATTR', { object: server.root })).obj_attributes);
});

test('LOOKUP: the same handle each time', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  assert.deepEqual(await server.handle('file'), await server.handle('file'));
});

test('LOOKUP: names are bytes, also such as are no UTF-8', async (t) => {
  const server = await serve(t);
  const name = Buffer.from([0xff, 0xfe, 0x80, 0x0a]);
  await writeFile(Buffer.concat([Buffer.from(`${server.folder}/`), name]), 'x');
  const found = await server.ok('LOOKUP', { what: at(server.root, name) });
  assert.equal(found.obj_attributes?.size, 1);
});

test('LOOKUP: a name of 255 bytes is found', async (t) => {
  const server = await serve(t);
  const name = 'n'.repeat(255);
  await writeFile(join(server.folder, name), 'x');
  assert.equal((await server.ok('LOOKUP', { what: at(server.root, name) })).obj_attributes?.size, 1);
});

test('LOOKUP of . and ..: the directory and its parent; .. of the export’s root is the root (§3.2)', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'a', 'b'), { recursive: true });
  const [a, b] = [await server.handle('a'), await server.handle('a/b')];
  assert.deepEqual((await server.ok('LOOKUP', { what: at(b, '.') })).object, b);
  assert.deepEqual((await server.ok('LOOKUP', { what: at(b, '..') })).object, a);
  assert.deepEqual((await server.ok('LOOKUP', { what: at(a, '..') })).object, server.root);
  assert.deepEqual((await server.ok('LOOKUP', { what: at(server.root, '..') })).object, server.root);
});

test('LOOKUP: no such name: NFS3ERR_NOENT, with the directory’s attributes', async (t) => {
  const server = await serve(t);
  const result = await server.call('LOOKUP', { what: at(server.root, 'nothing') });
  assertStatus(result, NFS3ERR_NOENT);
  assertAttributes(result.dir_attributes, (await server.ok('GETATTR', { object: server.root })).obj_attributes);
});

test('LOOKUP in a file: NFS3ERR_NOTDIR', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  assertStatus(await server.call('LOOKUP', { what: at(await server.handle('file'), 'x') }), NFS3ERR_NOTDIR);
});

test('LOOKUP: names that cannot be: NFS3ERR_ACCES, NFS3ERR_NAMETOOLONG (§3.2)', async (t) => {
  const server = await serve(t);
  await assertNamesRefused(server, 'LOOKUP', (name) => ({ what: at(server.root, name) }));
});

test('LOOKUP: a handle that is none, or whose directory is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'LOOKUP', (dir) => ({ what: at(dir, 'x') }));
});

test('LOOKUP: what the file system fails with is the status, with the directory’s attributes (§3.3.3)', async (t) => {
  const server = await serve(t);
  const { obj_attributes } = await server.ok('GETATTR', { object: server.root });
  await assertFailures(
    server,
    'LOOKUP',
    { what: at(server.root, 'x') },
    'lookup',
    ['IO', 'NOENT', 'ACCES', 'JUKEBOX'],
    (result) => assertAttributes(result.dir_attributes, obj_attributes),
  );
});

test('LOOKUP fails and the directory’s attributes cannot be had either: the status, without attributes', async (t) => {
  const server = await serve(t);
  server.fail('lookup', 'IO');
  server.fail('attributes', 'IO');
  const result = await server.call('LOOKUP', { what: at(server.root, 'x') });
  assert.deepEqual(result, { status: 5, dir_attributes: undefined });
});
