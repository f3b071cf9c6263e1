import assert from 'node:assert/strict';
import { statfs } from 'node:fs/promises';
import { test } from 'node:test';
import { assertAttributes, assertFailures, assertHandlesRefused, serve } from './harness.ts';

test('FSSTAT: bytes and files as statfs(2) has them, and the attributes (§3.3.18)', async (t) => {
  const server = await serve(t);
  const found = await server.ok('FSSTAT', { fsroot: server.root });
  const onDisk = await statfs(server.folder, { bigint: true });
  assert.equal(found.tbytes, onDisk.blocks * onDisk.bsize);
  assert.equal(found.tfiles, onDisk.files);
  assert.ok(found.abytes <= found.fbytes && found.fbytes <= found.tbytes);
  assert.ok(found.afiles <= found.ffiles && found.ffiles <= found.tfiles);
  assert.equal(found.invarsec, 0);
  assertAttributes(found.obj_attributes, (await server.ok('GETATTR', { object: server.root })).obj_attributes);
});

test('FSSTAT: a handle that is none, or whose file is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'FSSTAT', (fsroot) => ({ fsroot }));
});

test('FSSTAT: what the file system fails with is the status, with the attributes (§3.3.18)', async (t) => {
  const server = await serve(t);
  const { obj_attributes } = await server.ok('GETATTR', { object: server.root });
  await assertFailures(server, 'FSSTAT', { fsroot: server.root }, 'space', ['IO', 'STALE', 'JUKEBOX'], (result) =>
    assertAttributes(result.obj_attributes, obj_attributes),
  );
});
