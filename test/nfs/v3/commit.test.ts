import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFS3ERR_INVAL } from '../../../src/nfs/v3/status.ts';
import { Stability } from '../../../src/vfs/index.ts';
import {
  assertAttributes,
  assertFailures,
  assertHandlesRefused,
  assertStatus,
  assertUnchanged,
  type Server,
  serve,
} from './harness.ts';

async function withFile(server: Server): Promise<Buffer> {
  await writeFile(join(server.folder, 'file'), 'hello');
  return server.handle('file');
}

test('COMMIT: the same verifier as the WRITE before it, and the attributes (§3.3.21)', async (t) => {
  const server = await serve(t);
  const file = await withFile(server);
  const data = [Buffer.from('x')];
  const written = await server.ok('WRITE', { file, offset: 0, count: 1, stable: Stability.UNSTABLE, data });
  const committed = await server.ok('COMMIT', { file, offset: 0, count: 0 });
  assert.deepEqual(committed.verf, written.verf);
  assertAttributes(committed.file_wcc.after, (await server.ok('GETATTR', { object: file })).obj_attributes);
});

test('COMMIT of any range: the whole file is (§3.3.21)', async (t) => {
  const server = await serve(t);
  const file = await withFile(server);
  for (const [offset, count] of [
    [0, 1],
    [2 ** 40, 0xffff_ffff],
    [2 ** 64 - 2048, 1],
  ] as const) {
    await server.ok('COMMIT', { file, offset, count });
  }
});

test('COMMIT of a directory: NFS3ERR_INVAL', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'directory'));
  const file = await server.handle('directory');
  assertStatus(await server.call('COMMIT', { file, offset: 0, count: 0 }), NFS3ERR_INVAL);
});

test('COMMIT: a handle that is none, or whose file is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'COMMIT', (file) => ({ file, offset: 0, count: 0 }));
});

test('COMMIT: what the file system fails with is the status, with the attributes of now (§3.3.21)', async (t) => {
  const server = await serve(t);
  const file = await withFile(server);
  const { obj_attributes } = await server.ok('GETATTR', { object: file });
  const codes = ['IO', 'NOSPC', 'JUKEBOX'] as const;
  await assertFailures(server, 'COMMIT', { file, offset: 0, count: 0 }, 'commit', codes, (result) =>
    assertUnchanged(result.file_wcc, obj_attributes),
  );
});
