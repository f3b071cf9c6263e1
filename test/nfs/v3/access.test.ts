import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Access } from '../../../src/vfs/index.ts';
import { assertAttributes, assertFailures, assertHandlesRefused, serve } from './harness.ts';

test('ACCESS: the asked permissions that the caller has, and the attributes (§3.3.4)', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '', { mode: 0o600 });
  const object = await server.handle('file');
  const { access, obj_attributes } = await server.ok('ACCESS', {
    object,
    access: Access.READ | Access.MODIFY | Access.EXTEND | Access.EXECUTE,
  });
  assert.equal(access, Access.READ | Access.MODIFY | Access.EXTEND);
  assertAttributes(obj_attributes, (await server.ok('GETATTR', { object })).obj_attributes);
});

test('ACCESS: what was not asked is not told', async (t) => {
  const server = await serve(t);
  const { access } = await server.ok('ACCESS', { object: server.root, access: Access.LOOKUP });
  assert.equal(access, Access.LOOKUP);
});

test('ACCESS: bits that mean nothing are granted to nobody', async (t) => {
  const server = await serve(t);
  const { access } = await server.ok('ACCESS', { object: server.root, access: 0xffff_ffff });
  assert.equal(access & ~0x3f, 0);
  assert.equal(access & Access.LOOKUP, Access.LOOKUP);
});

test('ACCESS: a handle that is none, or whose file is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'ACCESS', (object) => ({ object, access: 1 }));
});

test('ACCESS: what the file system fails with is the status, with the attributes (§3.3.4)', async (t) => {
  const server = await serve(t);
  const { obj_attributes } = await server.ok('GETATTR', { object: server.root });
  await assertFailures(server, 'ACCESS', { object: server.root, access: 1 }, 'access', ['IO', 'JUKEBOX'], (result) =>
    assertAttributes(result.obj_attributes, obj_attributes),
  );
});
