import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Stability } from '../../../src/vfs/index.ts';
import { openLocalFileSystem } from '../../../src/vfs/local/index.ts';
import { ALICE, bytes, CountingVerifier, contentOf, failsWith, MemoryIndex, ROOT } from '../support.ts';
import { mounted, whyNoMount } from './fixture.ts';

for (const [kind, megabytes] of [
  ['ext4', 64],
  ['xfs', 300],
  ['btrfs', 128],
] as const) {
  test(`what is not in memory goes through the thread pool, what is does not (${kind})`, {
    skip: whyNoMount(kind) ?? false,
  }, async () => {
    const volume = mounted(kind, megabytes);
    const options = { index: new MemoryIndex(), verifier: new CountingVerifier() };
    try {
      mkdirSync(join(volume.path, 'd'), { mode: 0o777 });
      for (let at = 0; at < 200; at += 1) writeFileSync(join(volume.path, `d/f${at}`), `content ${at}`);
      writeFileSync(join(volume.path, 'd/large'), Buffer.alloc(3 << 20, 'L'));
      const first = openLocalFileSystem(volume.path, options);
      const { inode } = await first.lookup(ROOT, first.root, bytes('d'));
      const [directory, file] = [inode.body, (await first.lookup(ROOT, inode, bytes('f7'))).inode.body];
      await first.close();
      volume.remount();

      const fs = openLocalFileSystem(volume.path, options);
      try {
        const opening = fs.resolve(file);
        assert.ok(opening instanceof Promise);
        assert.equal(fs.resolve(file), opening, 'one opening for all who ask meanwhile');
        assert.equal(String(await contentOf(fs, ALICE, await opening)), 'content 7');
        assert.equal(fs.resolve(file), await opening);

        const d = await fs.resolve(directory);
        const listing = fs.readdir(ALICE, d, 0n, true, () => true);
        assert.ok(listing instanceof Promise);
        const { entries } = await listing;
        assert.equal(entries.length, 203);
        assert.equal(entries.filter((entry) => entry.attributes !== undefined).length, 202);
        assert.ok(!(fs.lookup(ALICE, d, bytes('f99')) instanceof Promise));
        await failsWith('NOENT', () => fs.lookup(ALICE, d, bytes('nothing')));

        const large = (await fs.lookup(ALICE, d, bytes('large'))).inode;
        const reading = fs.read(ROOT, large, 1 << 20, 1 << 20);
        assert.ok(reading instanceof Promise);
        const { data, release } = await reading;
        assert.ok(data.equals(Buffer.alloc(1 << 20, 'L')));
        release?.();
        assert.ok(!(fs.read(ROOT, large, 1 << 20, 1 << 20) instanceof Promise));

        // A part of a page that is only on the disk, and of one that is in memory.
        const far = (3 << 20) - 5000;
        const cold = await fs.write(ROOT, large, 100, [bytes('cold')], Stability.UNSTABLE);
        const warm = await fs.write(ROOT, large, far, [bytes('warm')], Stability.FILE_SYNC);
        assert.deepEqual([cold.count, warm.count], [4, 4]);
        assert.equal(String(await contentOf(fs, ROOT, large, 98, 8)), 'LLcoldLL');
        assert.equal(String(await contentOf(fs, ROOT, large, far - 2, 8)), 'LLwarmLL');
      } finally {
        await fs.close();
      }
    } finally {
      volume.dispose();
    }
  });
}
