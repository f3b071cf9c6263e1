import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFS3ERR_FBIG, NFS3ERR_INVAL } from '../../../src/nfs/v3/status.ts';
import { MAX_OFFSET, Stability } from '../../../src/vfs/index.ts';
import {
  assertChanged,
  assertFailures,
  assertHandlesRefused,
  assertStatus,
  assertUnchanged,
  type Server,
  serve,
} from './harness.ts';

async function withFile(server: Server, content = 'hello') {
  const path = join(server.folder, 'file');
  await writeFile(path, content);
  const file = await server.handle('file');
  return {
    path,
    file,
    now: async () => (await server.ok('GETATTR', { object: file })).obj_attributes,
    argsOf: (offset: number, text: string | Buffer, stable: Stability = Stability.UNSTABLE) => {
      const data = Buffer.from(text);
      return { file, offset, count: data.length, stable, data: [data] };
    },
  };
}

test('WRITE: bytes into the middle, with the attributes before and after (§3.3.7)', async (t) => {
  const server = await serve(t);
  const { path, now, argsOf } = await withFile(server);
  const before = await now();
  const result = await server.ok('WRITE', argsOf(1, 'EY'));
  assert.equal(result.count, 2);
  assert.equal(await readFile(path, 'utf8'), 'hEYlo');
  assertChanged(result.file_wcc, before, await now());
});

test('WRITE behind the end: zeros between', async (t) => {
  const server = await serve(t);
  const { path, argsOf } = await withFile(server, 'a');
  await server.ok('WRITE', argsOf(3, 'b'));
  assert.equal(await readFile(path, 'latin1'), 'a\0\0b');
});

test('WRITE beyond 4 GiB', async (t) => {
  const server = await serve(t);
  const { now, argsOf } = await withFile(server, '');
  await server.ok('WRITE', argsOf(2 ** 33, 'x'));
  assert.equal((await now()).size, 2 ** 33 + 1);
});

test('WRITE: what it is committed to is at least what was asked, and the verifier is the file system’s (§3.3.7)', async (t) => {
  const server = await serve(t);
  const { argsOf } = await withFile(server);
  for (const stable of Object.values(Stability)) {
    const { committed, verf } = await server.ok('WRITE', argsOf(0, 'x', stable));
    assert.ok(committed >= stable, `${committed} for ${stable}`);
    assert.deepEqual(verf, server.fileSystem.writeVerifier);
  }
});

test('WRITE of no bytes: count 0, and the file as it was (§3.3.7)', async (t) => {
  const server = await serve(t);
  const { path, argsOf } = await withFile(server);
  assert.equal((await server.ok('WRITE', argsOf(100, ''))).count, 0);
  assert.equal(await readFile(path, 'utf8'), 'hello');
});

test('WRITE of more than wtmax: wtmax bytes are written (§3.3.7)', async (t) => {
  const server = await serve(t);
  const { path, argsOf } = await withFile(server, '');
  const data = Buffer.alloc(1024 * 1024 + 5000, 'abcdefg');
  assert.equal((await server.ok('WRITE', argsOf(0, data))).count, 1024 * 1024);
  assert.ok((await readFile(path)).equals(data.subarray(0, 1024 * 1024)));
});

test('WRITE whose count is not the length of its data: NFS3ERR_INVAL, nothing written', async (t) => {
  const server = await serve(t);
  const { path, now, argsOf } = await withFile(server);
  const before = await now();
  for (const count of [1, 3, 0xffff_ffff]) {
    const result = await server.call('WRITE', { ...argsOf(0, 'XY'), count });
    assertStatus(result, NFS3ERR_INVAL);
    assertUnchanged(result.file_wcc, before);
  }
  assert.equal(await readFile(path, 'utf8'), 'hello');
});

test('WRITE that would end beyond the largest offset: NFS3ERR_FBIG', async (t) => {
  const server = await serve(t);
  const { argsOf } = await withFile(server);
  for (const offset of [MAX_OFFSET, 2 ** 63, 2 ** 64 - 2048]) {
    assertStatus(await server.call('WRITE', argsOf(offset, 'x')), NFS3ERR_FBIG);
  }
});

test('WRITE to a directory: NFS3ERR_INVAL (§3.3.7)', async (t) => {
  const server = await serve(t);
  const { argsOf } = await withFile(server);
  await mkdir(join(server.folder, 'directory'));
  const file = await server.handle('directory');
  assertStatus(await server.call('WRITE', { ...argsOf(0, 'x'), file }), NFS3ERR_INVAL);
});

test('WRITE: a handle that is none, or whose file is gone: NFS3ERR_BADHANDLE, NFS3ERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'WRITE', (file) => ({
    file,
    offset: 0,
    count: 1,
    stable: Stability.UNSTABLE,
    data: [Buffer.from('x')],
  }));
});

test('WRITE: what the file system fails with is the status, with the attributes of now (§3.3.7)', async (t) => {
  const server = await serve(t);
  const { now, argsOf } = await withFile(server);
  const before = await now();
  const codes = ['IO', 'ACCES', 'FBIG', 'DQUOT', 'NOSPC', 'ROFS', 'INVAL', 'JUKEBOX'] as const;
  await assertFailures(server, 'WRITE', argsOf(0, 'x'), 'write', codes, (result) =>
    assertUnchanged(result.file_wcc, before),
  );
});
