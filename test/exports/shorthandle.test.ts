import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryAliases } from '../../src/state/index.ts';
import { FsError } from '../../src/vfs/index.ts';
import { callFrom } from './fakes.ts';
import { bodyOf, CLIENT, Lab, mount, refuses } from './lab.ts';

const SHORT = 'short';
const LONG = 'a/path/that/is/too/long/for/a/handle';
const lab = () => new Lab({ '/srv': [SHORT, LONG] });
const call = callFrom(CLIENT);

async function shortHandle(table: Awaited<ReturnType<Lab['serve']>>, path: string) {
  let { view, inode } = await mount(table, '/srv');
  for (const name of path.split('/')) ({ view, inode } = await view.lookup(inode, Buffer.from(name)));
  const handle = Buffer.from(await table.handle32Of(view, inode));
  return { handle, own: Buffer.from(table.handleOf(view, inode)) };
}

test('a short handle for NFSv2 is filled with zeros, and is the same file as without them (RFC 1094 §2.3.3)', async (t) => {
  const table = await lab().serve(t, '/srv *(rw)');
  const { handle, own } = await shortHandle(table, SHORT);
  assert.equal(handle.length, 32);
  assert.deepEqual(handle.subarray(0, own.length), own);
  for (let round = 0; round < 2; round++) {
    const [padded, plain] = [await table.file(handle, call), await table.file(own, call)];
    assert.equal(bodyOf(padded.inode), SHORT);
    assert.equal(padded.inode, plain.inode);
  }
  handle[31] = 1;
  await refuses(() => table.file(handle, call), 'BADHANDLE');
});

test('a long handle for NFSv2 is an alias that a restarted server still knows', async (t) => {
  const storage = lab();
  const first = await storage.serve(t, '/srv *(rw)');
  const { handle, own } = await shortHandle(first, LONG);
  assert.ok(own.length > 32);
  assert.equal(handle.length, 32);
  assert.equal(bodyOf((await first.file(handle, call)).inode), LONG);

  const second = await storage.serve(t, '/srv *(rw)');
  assert.equal(bodyOf((await second.file(handle, call)).inode), LONG);
  assert.deepEqual((await shortHandle(second, LONG)).handle, handle, 'the same from every server');
});

test('an alias whose state was lost is STALE, and good again once its file was looked up', async (t) => {
  const storage = lab();
  const { handle } = await shortHandle(await storage.serve(t, '/srv *(rw)'), LONG);
  Object.assign(storage, { aliases: new MemoryAliases() });
  const table = await storage.serve(t, '/srv *(rw)');
  await refuses(() => table.file(handle, call), 'STALE');
  await shortHandle(table, LONG);
  assert.equal(bodyOf((await table.file(handle, call)).inode), LONG);
});

test('an alias with a changed bit is BADHANDLE', async (t) => {
  const table = await lab().serve(t, '/srv *(rw)');
  const { handle } = await shortHandle(table, LONG);
  for (let bit = 0; bit < 256; bit += 5) {
    const forged = Buffer.from(handle);
    forged[bit >> 3]! ^= 1 << (bit & 7);
    await refuses(() => table.file(forged, call), 'BADHANDLE', `bit ${bit}`);
  }
});

test('an alias that cannot be kept is not given out', async (t) => {
  const storage = lab();
  const full = { find: () => undefined, keep: () => Promise.reject(new FsError('IO', 'alias')) };
  Object.assign(storage, { aliases: full });
  const table = await storage.serve(t, '/srv *(rw)');
  await assert.rejects(shortHandle(table, LONG), FsError);
});
