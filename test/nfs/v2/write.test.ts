import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { NFSERR_FBIG, NFSERR_ISDIR, NFSERR_NOSPC } from '../../../src/nfs/v2/status.ts';
import { writeargs } from '../../../src/nfs/v2/types.ts';
import { Stability } from '../../../src/vfs/index.ts';
import { XdrError } from '../../../src/xdr/index.ts';
import { assertFailures, assertHandlesRefused, assertStatus, serve } from './harness.ts';

const write = (file: Buffer, offset: number, data: Buffer) => ({
  ...{ file, beginoffset: 77, offset, totalcount: 99 },
  data: [data],
});

test('WRITE: the bytes at their place, and the attributes after it; two fields mean nothing (RFC 1094 §2.2.9)', async (t) => {
  const server = await serve(t);
  const path = join(server.folder, 'file');
  await writeFile(path, 'hello world');
  const { attributes } = await server.ok('WRITE', write(await server.handle('file'), 6, Buffer.from('WORLDS')));
  assert.equal(attributes.size, 12);
  assert.equal(await readFile(path, 'utf8'), 'hello WORLDS');
});

test('WRITE: on stable storage before the reply', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const file = await server.handle('file');
  let asked: Stability | undefined;
  const { fileSystem, caller } = server.views[0];
  server.views[0].write = (inode, offset, data, stable) => {
    asked = stable;
    return fileSystem.write(caller, inode, offset, data, stable);
  };
  await server.ok('WRITE', write(file, 0, Buffer.from('x')));
  assert.equal(asked, Stability.DATA_SYNC);
});

test('WRITE of which only a part finds room: NFSERR_NOSPC, for the reply has no count', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const file = await server.handle('file');
  const now = await server.views[0].fileSystem.attributes(server.views[0].fileSystem.root);
  const change = { before: now, after: now };
  server.replace('write', () => ({ count: 1, committed: Stability.DATA_SYNC, file: change }));
  assertStatus(await server.call('WRITE', write(file, 0, Buffer.from('xy'))), NFSERR_NOSPC);
});

test('WRITE beyond what 32 bits tell: NFSERR_FBIG; up to there it is done', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const file = await server.handle('file');
  assertStatus(await server.call('WRITE', write(file, 2 ** 32 - 2, Buffer.from('xy'))), NFSERR_FBIG);
  assert.equal((await server.ok('WRITE', write(file, 2 ** 32 - 3, Buffer.from('xy')))).attributes.size, 2 ** 32 - 1);
});

test('WRITE of more than 8192 bytes is no call of this protocol: XdrError', async (t) => {
  const server = await serve(t);
  const args = write(server.root, 0, Buffer.alloc(8193));
  await assert.rejects(server.run(100003, 2, 'WRITE', writeargs, args, writeargs), XdrError);
});

test('WRITE to a directory: NFSERR_ISDIR', async (t) => {
  const server = await serve(t);
  assertStatus(await server.call('WRITE', write(server.root, 0, Buffer.from('x'))), NFSERR_ISDIR);
});

test('WRITE: handles that name no file: NFSERR_STALE', async (t) => {
  await assertHandlesRefused(await serve(t), 'WRITE', (file) => write(file, 0, Buffer.from('x')));
});

test('WRITE: what the file system fails with is the status', async (t) => {
  const server = await serve(t);
  await writeFile(join(server.folder, 'file'), '');
  const args = write(await server.handle('file'), 0, Buffer.from('x'));
  const codes = ['IO', 'ACCES', 'FBIG', 'NOSPC', 'DQUOT', 'ROFS', 'STALE'] as const;
  await assertFailures(server, 'WRITE', args, 'write', codes);
});
