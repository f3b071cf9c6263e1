import assert from 'node:assert/strict';
import { mkdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFS3ERR_INVAL } from '../../../src/nfs/v3/status.ts';
import { MAX_OFFSET } from '../../../src/vfs/index.ts';
import { assertAttributes, assertFailures, assertHandlesRefused, assertStatus, type Server, serve } from './harness.ts';

async function withFile(server: Server, content: string | Buffer): Promise<Buffer> {
  await writeFile(join(server.folder, 'file'), content);
  return server.handle('file');
}

test('READ: bytes from the middle, with the attributes (§3.3.6)', async (t) => {
  const server = await serve(t);
  const file = await withFile(server, 'hello world');
  const { count, eof, data, file_attributes } = await server.ok('READ', { file, offset: 2, count: 5 });
  assert.deepEqual([count, eof, data.bytes.toString()], [5, false, 'llo w']);
  assert.equal(file_attributes?.size, 11);
});

test('READ to the end, over it and behind it: eof, and only what is there (§3.3.6)', async (t) => {
  const server = await serve(t);
  const file = await withFile(server, 'hello');
  for (const [offset, asked, text] of [
    [0, 5, 'hello'],
    [3, 100, 'lo'],
    [5, 1, ''],
    [2 ** 40, 10, ''],
  ] as const) {
    const { count, eof, data } = await server.ok('READ', { file, offset, count: asked });
    assert.deepEqual([count, eof, data.bytes.toString()], [text.length, true, text], `${asked} bytes at ${offset}`);
  }
});

test('READ at the largest offset and beyond: the end of the file', async (t) => {
  const server = await serve(t);
  const file = await withFile(server, 'hello');
  for (const offset of [MAX_OFFSET - 1, MAX_OFFSET, 2 ** 64 - 2048]) {
    const { count, eof } = await server.ok('READ', { file, offset, count: 4096 });
    assert.deepEqual([count, eof], [0, true]);
  }
});

test('READ of no bytes: none, and success (§3.3.6)', async (t) => {
  const server = await serve(t);
  const file = await withFile(server, 'hello');
  const { count, data } = await server.ok('READ', { file, offset: 0, count: 0 });
  assert.deepEqual([count, data.bytes.length], [0, 0]);
});

test('READ: beyond 4 GiB in a sparse file', async (t) => {
  const server = await serve(t);
  const file = await withFile(server, '');
  await truncate(join(server.folder, 'file'), 2 ** 33);
  const { count, eof, data } = await server.ok('READ', { file, offset: 2 ** 33 - 8, count: 8 });
  assert.deepEqual([count, eof, data.bytes], [8, true, Buffer.alloc(8)]);
});

test('READ: never more than rtmax, nor than the transport carries (§3.3.6)', async (t) => {
  const server = await serve(t);
  const content = Buffer.alloc(1024 * 1024 + 4096, 'abcdefg');
  const file = await withFile(server, content);
  const whole = await server.ok('READ', { file, offset: 0, count: 0xffff_ffff });
  assert.deepEqual([whole.count, whole.eof], [1024 * 1024, false]);
  assert.ok(whole.data.bytes.equals(content.subarray(0, 1024 * 1024)));
  server.maxData = 8192;
  assert.equal((await server.ok('READ', { file, offset: 0, count: 65_536 })).count, 8192);
});

test('READ of a directory: NFS3ERR_INVAL (§3.3.6)', async (t) => {
  const server = await serve(t);
  await mkdir(join(server.folder, 'directory'));
  const file = await server.handle('directory');
  const result = await server.call('READ', { file, offset: 0, count: 1 });
  assertStatus(result, NFS3ERR_INVAL);
  assertAttributes(result.file_attributes, (await server.ok('GETATTR', { object: file })).obj_attributes);
});

test('READ: a handle that is none, or whose file is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'READ', (file) => ({ file, offset: 0, count: 1 }));
});

test('READ: what the file system fails with is the status, with the attributes (§3.3.6)', async (t) => {
  const server = await serve(t);
  const file = await withFile(server, 'hello');
  const { obj_attributes } = await server.ok('GETATTR', { object: file });
  const codes = ['IO', 'NXIO', 'ACCES', 'INVAL', 'JUKEBOX'] as const;
  await assertFailures(server, 'READ', { file, offset: 0, count: 1 }, 'read', codes, (result) =>
    assertAttributes(result.file_attributes, obj_attributes),
  );
});
