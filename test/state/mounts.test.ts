import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Mount, MountTable } from '../../src/state/index.ts';

test('mount table: when it is full the oldest lines go, also from what is kept', () => {
  const kept = new Set<string>();
  const keeper = {
    load: () => [],
    keep: (mount: Mount) => kept.add(mount.path.toString()),
    drop: (mount: Mount) => kept.delete(mount.path.toString()),
  };
  let now = 0;
  const mounts = new MountTable(keeper, { max: 3, now: () => now++ });
  for (const path of ['/a', '/b', '/c']) mounts.add('client', Buffer.from(path));
  // Mounted again: no longer the oldest.
  mounts.add('client', Buffer.from('/a'));
  mounts.add('client', Buffer.from('/d'));
  mounts.add('client', Buffer.from('/e'));
  assert.deepEqual(
    mounts.list().map(({ path, since }) => [path.toString(), since]),
    [
      ['/a', 3],
      ['/d', 4],
      ['/e', 5],
    ],
  );
  assert.deepEqual([...kept].sort(), ['/a', '/d', '/e']);
  assert.equal(mounts.removeAll('client'), 3);
  assert.equal(mounts.size, 0);
  assert.equal(kept.size, 0);
});

test('mount table: lines that were kept come back oldest first', () => {
  const lines = [3, 1, 2].map((since) => ({ client: 'c', path: Buffer.from(`/${since}`), since }));
  const mounts = new MountTable({ load: () => lines, keep: () => {}, drop: () => {} });
  assert.deepEqual(
    mounts.list().map(({ since }) => since),
    [1, 2, 3],
  );
});
