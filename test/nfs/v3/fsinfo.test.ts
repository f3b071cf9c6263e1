import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAttributes, assertFailures, assertHandlesRefused, serve } from './harness.ts';

test('FSINFO: 1 MiB transfers, links, symbolic links, one PATHCONF for all, times that can be set (§3.3.19)', async (t) => {
  const server = await serve(t);
  server.maxData = 16 * 1024 * 1024;
  const info = await server.ok('FSINFO', { fsroot: server.root });
  const mebibyte = 1024 * 1024;
  assert.deepEqual([info.rtmax, info.rtpref, info.wtmax, info.wtpref], [mebibyte, mebibyte, mebibyte, mebibyte]);
  assert.deepEqual([info.rtmult, info.wtmult, info.dtpref], [4096, 4096, 65_536]);
  assert.equal(info.properties, 0x1b);
  const { maxFileSize, timeDelta } = server.fileSystem.limits;
  assert.equal(info.maxfilesize, maxFileSize);
  assert.deepEqual(info.time_delta, { seconds: timeDelta.seconds, nseconds: timeDelta.nanoseconds });
  assertAttributes(info.obj_attributes, (await server.ok('GETATTR', { object: server.root })).obj_attributes);
});

test('FSINFO: over a transport that carries less, transfers are that much smaller', async (t) => {
  const server = await serve(t);
  server.maxData = 32_768;
  const info = await server.ok('FSINFO', { fsroot: server.root });
  assert.deepEqual([info.rtmax, info.rtpref, info.wtmax, info.wtpref, info.dtpref], Array(5).fill(32_768));
});

test('FSINFO: a handle that is none, or whose file is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'FSINFO', (fsroot) => ({ fsroot }));
});

test('FSINFO: what the file system fails with is the status (§3.3.19)', async (t) => {
  const server = await serve(t);
  await assertFailures(server, 'FSINFO', { fsroot: server.root }, 'attributes', ['STALE', 'JUKEBOX'], (result) =>
    assert.equal(result.obj_attributes, undefined),
  );
});
