import assert from 'node:assert/strict';
import { FileType, MAX_OFFSET, Stability } from '../../../src/vfs/index.ts';
import { bytes, contentOf, failsWith, file } from '../support.ts';
import type { Check } from './check.ts';

export function data(check: Check): void {
  check('WRITE and READ, with attributes around the change', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    const pieces = [bytes('one '), bytes('two '), bytes('three')];
    const written = await fs.write(me, inode, 0, pieces, Stability.FILE_SYNC);
    assert.equal(written.count, 13);
    assert.equal(written.committed, Stability.FILE_SYNC);
    assert.equal(written.file.before?.size, 0);
    assert.equal(written.file.after.size, 13);
    const read = await fs.read(me, inode, 4, 3);
    assert.equal(String(read.data), 'two');
    assert.equal(read.eof, false);
    read.release?.();
  });

  check('READ at the end, behind it, and of nothing (§3.3.6)', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a', 'abc');
    for (const [offset, count, length, eof] of [
      [0, 3, 3, true],
      [0, 100, 3, true],
      [1, 1, 1, false],
      [3, 10, 0, true],
      [1000, 10, 0, true],
      [0, 0, 0, false],
      [3, 0, 0, true],
      [MAX_OFFSET, 10, 0, true],
    ] as const) {
      const read = await fs.read(me, inode, offset, count);
      assert.deepEqual([read.data.length, read.eof], [length, eof], `READ ${count} at ${offset}`);
      read.release?.();
    }
  });

  check('data of a READ stays as it is until it is released', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a', 'first');
    const one = await fs.read(me, inode, 0, 5);
    await fs.write(me, inode, 0, [bytes('other')], Stability.UNSTABLE);
    const two = await fs.read(me, inode, 0, 5);
    assert.equal(String(one.data), 'first');
    assert.equal(String(two.data), 'other');
    one.release?.();
    two.release?.();
  });

  check('WRITE of more than a pipe holds, and in the middle of what is there', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    const large = Buffer.alloc(300_000, 'L');
    assert.equal((await fs.write(me, inode, 0, [large], Stability.UNSTABLE)).count, 300_000);
    await fs.write(me, inode, 100_001, [bytes('mid')], Stability.UNSTABLE);
    await fs.commit(me, inode);
    large.write('mid', 100_001);
    const got = [await contentOf(fs, me, inode, 0, 200_000), await contentOf(fs, me, inode, 200_000, 200_000)];
    assert.ok(Buffer.concat(got).equals(large));
  });

  check('sparse files beyond 4 GiB', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    const far = 5 * 2 ** 30 + 3;
    await fs.write(me, inode, far, [bytes('far')], Stability.FILE_SYNC);
    const { size, used } = await fs.attributes(inode);
    assert.equal(size, far + 3);
    assert.ok(used < 2 ** 20);
    assert.equal(String(await contentOf(fs, me, inode, far, 10)), 'far');
    assert.ok((await contentOf(fs, me, inode, far - 4096, 4096)).every((byte) => byte === 0));
  });

  check('WRITE behind the largest size: FBIG', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    await failsWith('FBIG', () => fs.write(me, inode, fs.limits.maxFileSize, [bytes('x')], Stability.UNSTABLE));
  });

  check('READ, WRITE, COMMIT of a directory: ISDIR; of another non-file: INVAL', async ({ fs, me }) => {
    const { inode: fifo } = await fs.mknod(me, fs.root, bytes('p'), { type: FileType.FIFO }, { mode: 0o666 });
    for (const [inode, code] of [[fs.root, 'ISDIR'] as const, [fifo, 'INVAL'] as const]) {
      await failsWith(code, () => fs.read(me, inode, 0, 10));
      await failsWith(code, () => fs.write(me, inode, 0, [bytes('x')], Stability.UNSTABLE));
      await failsWith(code, () => fs.commit(me, inode));
    }
  });

  check('COMMIT leaves the verifier as it is', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    const verifier = Buffer.from(fs.writeVerifier);
    await fs.write(me, inode, 0, [bytes('x')], Stability.UNSTABLE);
    const { after } = await fs.commit(me, inode);
    assert.equal(after.size, 1);
    assert.deepEqual(fs.writeVerifier, verifier);
  });
}
