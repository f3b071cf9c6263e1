import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAttributes, assertFailures, assertHandlesRefused, serve } from './harness.ts';

test('PATHCONF: the limits of the file system; names are never cut, files never given away (§3.3.20)', async (t) => {
  const server = await serve(t);
  const { obj_attributes, ...found } = await server.ok('PATHCONF', { object: server.root });
  const { maxLinks, maxNameBytes } = server.fileSystem.limits;
  assert.deepEqual(found, {
    status: 0,
    linkmax: maxLinks,
    name_max: maxNameBytes,
    no_trunc: true,
    chown_restricted: true,
    case_insensitive: false,
    case_preserving: true,
  });
  assert.equal(maxNameBytes, 255);
  assertAttributes(obj_attributes, (await server.ok('GETATTR', { object: server.root })).obj_attributes);
});

test('PATHCONF: a handle that is none, or whose file is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'PATHCONF', (object) => ({ object }));
});

test('PATHCONF: what the file system fails with is the status (§3.3.20)', async (t) => {
  const server = await serve(t);
  await assertFailures(server, 'PATHCONF', { object: server.root }, 'attributes', ['STALE', 'JUKEBOX'], (result) =>
    assert.equal(result.obj_attributes, undefined),
  );
});
