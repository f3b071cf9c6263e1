import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { FileType } from '../../../src/vfs/index.ts';
import { Flusher } from '../../../src/vfs/local/flush.ts';
import { LocalInode } from '../../../src/vfs/local/inode.ts';
import { CountingVerifier, failsWith } from '../support.ts';

function flusherOn(path: string): { flusher: Flusher; inode: LocalInode; verifier: CountingVerifier; close(): void } {
  const fd = openSync(path, 'r');
  const verifier = new CountingVerifier();
  const inode = new LocalInode(Buffer.from('i'), 'i', 1, FileType.REG, fd);
  const flusher = new Flusher(
    verifier,
    false,
    () => ({ fd }),
    (file, by) => void (file.pins += by),
  );
  return { flusher, inode, verifier, close: () => closeSync(fd) };
}

test('group commit: one flush runs, and all who come meanwhile share the next', async () => {
  const { flusher, inode, close } = flusherOn(import.meta.filename);
  const first = flusher.flush(inode, false);
  const [second, third, fourth] = [true, false, true].map((fully) => flusher.flush(inode, fully));
  assert.notEqual(first, second);
  assert.equal(second, third);
  assert.equal(second, fourth);
  assert.ok(inode.pins > 0);
  await Promise.all([first, second]);
  assert.equal(inode.pins, 0);
  assert.equal(inode.flush, undefined);
  close();
});

test('a write that comes while a flush runs is not covered by it', async () => {
  const { flusher, inode, close } = flusherOn(import.meta.filename);
  inode.dirty = true;
  const running = flusher.flush(inode, true);
  inode.dirty = true;
  await running;
  assert.equal(inode.dirty, true);
  close();
});

test('a flush that fails is told to everybody who waits, and changes the write verifier', async () => {
  // A device that cannot be flushed: EINVAL.
  const { flusher, inode, verifier, close } = flusherOn('/dev/null');
  const before = Buffer.from(verifier.current);
  const waiting = [0, 1, 2].map(() => failsWith('INVAL', () => flusher.flush(inode, true)));
  await Promise.all(waiting);
  assert.notDeepEqual(verifier.current, before);
  assert.equal(verifier.advances, 2);
  assert.equal(inode.flush, undefined);
  close();
});
