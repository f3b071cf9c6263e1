import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { MemoryState } from '../../../src/state/index.ts';
import type { HostLocks } from '../../../src/vfs/index.ts';
import { openLocalFileSystem } from '../../../src/vfs/local/index.ts';

const END = 1n << 64n;

/** One file, reached through two exports. */
async function fixture(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'steadfs-lock-'));
  mkdirSync(join(folder, 'inner'));
  writeFileSync(join(folder, 'inner/file'), 'content');
  writeFileSync(join(folder, 'inner/other'), 'content');
  const caller = { uid: process.geteuid!(), gid: process.getegid!(), groups: [], sync: false };
  const { index, verifier } = new MemoryState();
  const [outer, inner] = [folder, join(folder, 'inner')].map((path) => openLocalFileSystem(path, { index, verifier }));
  assert.ok(outer !== undefined && inner !== undefined);
  t.after(async () => {
    await Promise.all([outer.close(), inner.close()]);
    rmSync(folder, { recursive: true });
  });
  const directory = await outer.lookup(caller, outer.root, Buffer.from('inner'));
  const far = await outer.lookup(caller, directory.inode, Buffer.from('file'));
  const near = await inner.lookup(caller, inner.root, Buffer.from('file'));
  const other = await inner.lookup(caller, inner.root, Buffer.from('other'));
  return { outer, inner, far: far.inode, near: near.inode, other: other.inode };
}

test('lockKey: the same through every export, another for another file', async (t) => {
  const { outer, inner, far, near, other } = await fixture(t);
  assert.equal(await outer.lockKey(far), await inner.lockKey(near));
  assert.notEqual(await inner.lockKey(other), await inner.lockKey(near));
});

test('openLocks: two descriptions exclude each other as two programs do; one changes its own in place', async (t) => {
  const { outer, inner, far, near } = await fixture(t);
  const ours: HostLocks = await outer.openLocks(far);
  const theirs: HostLocks = await inner.openLocks(near);
  t.after(() => theirs.close());

  assert.equal(ours.take(true, 10n, 20n), true);
  assert.equal(theirs.take(false, 19n, 20n), false);
  assert.equal(theirs.take(true, 20n, END), true);
  assert.deepEqual(theirs.test(true, 0n, END), { exclusive: true, start: 10n, end: 20n });
  assert.deepEqual(ours.test(false, 0n, END), { exclusive: true, start: 20n, end: END });
  assert.equal(ours.take(false, 10n, 20n), true);
  assert.equal(theirs.take(false, 15n, 20n), true);
  assert.equal(ours.take(true, 10n, 20n), false);
  ours.release(0n, END);
  assert.equal(theirs.test(true, 0n, END), undefined);
  assert.equal(ours.take(true, 0n, 5n), true);
  ours.close();
  assert.equal(theirs.take(true, 0n, END), true);
});

test('openLocks: what lies beyond 2^63 no program can lock, and is left out', async (t) => {
  const { inner, near } = await fixture(t);
  const [ours, theirs] = [await inner.openLocks(near), await inner.openLocks(near)];
  t.after(() => [ours, theirs].forEach((locks) => void locks.close()));
  assert.equal(ours.take(true, 1n << 63n, END), true);
  assert.equal(theirs.take(true, 0n, END), true);
  assert.equal(ours.take(true, (1n << 63n) - 2n, 1n << 63n), false);
});

test('openLocks: of a folder there is nothing to lock', async (t) => {
  const { inner } = await fixture(t);
  await assert.rejects(async () => inner.openLocks(inner.root), { code: 'ISDIR' });
});
