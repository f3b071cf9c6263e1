import assert from 'node:assert/strict';
import { FileType, FsError, MAX_OFFSET } from '../../../src/vfs/index.ts';
import { bytes, contentOf, failsWith, file } from '../support.ts';
import type { Check } from './check.ts';

export function attributes(check: Check): void {
  check(
    'what an operation has found is told right before the change, and not told if there is none',
    async ({ fs, me }) => {
      const told: unknown[] = [];
      const tell = (...found: unknown[]) => void told.push(found);
      const [a, b] = [bytes('a'), bytes('b')];
      const { inode } = await fs.create(me, fs.root, a, { mode: 'guarded', attributes: { mode: 0o644 } }, tell);
      await fs.link(me, inode, fs.root, b, tell);
      await fs.rename(me, fs.root, a, fs.root, b, tell);
      await fs.rename(me, fs.root, a, fs.root, bytes('c'), tell);
      await fs.remove(me, fs.root, b, tell);
      await fs.mkdir(me, fs.root, bytes('d'), {}, tell);
      const { inode: d } = await fs.lookup(me, fs.root, bytes('d'));
      await fs.rmdir(me, fs.root, bytes('d'), tell);
      await fs.setAttributes(me, inode, {}, undefined, tell);
      assert.deepEqual(told, [[undefined], [undefined], [inode, undefined], [inode], [undefined], [d]]);
      const { attributes } = await fs.lookup(me, fs.root, bytes('c'));
      await fs.setAttributes(me, inode, { mode: 0o600 }, undefined, tell);
      assert.deepEqual(told.at(-1), [attributes]);
      const open = { mode: 'unchecked', attributes: { size: 0 } } as const;
      const now = await fs.attributes(inode);
      await fs.create(me, fs.root, bytes('c'), open, tell);
      assert.deepEqual(told.at(-1), [now]);
    },
  );

  check('an operation whose `before` throws changes nothing, and ends with that', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a', 'abc');
    const stop = () => {
      throw new FsError('JUKEBOX', 'stopped');
    };
    const [a, b] = [bytes('a'), bytes('b')];
    await failsWith('JUKEBOX', () => fs.create(me, fs.root, b, { mode: 'guarded', attributes: {} }, stop));
    await failsWith('JUKEBOX', () =>
      fs.create(me, fs.root, b, { mode: 'exclusive', verifier: bytes('verifier') }, stop),
    );
    await failsWith('JUKEBOX', () => fs.mkdir(me, fs.root, b, {}, stop));
    await failsWith('JUKEBOX', () => fs.symlink(me, fs.root, b, a, {}, stop));
    await failsWith('JUKEBOX', () => fs.mknod(me, fs.root, b, { type: FileType.FIFO }, {}, stop));
    await failsWith('JUKEBOX', () => fs.link(me, inode, fs.root, b, stop));
    await failsWith('JUKEBOX', () => fs.rename(me, fs.root, a, fs.root, b, stop));
    await failsWith('JUKEBOX', () => fs.remove(me, fs.root, a, stop));
    await failsWith('JUKEBOX', () => fs.setAttributes(me, inode, { size: 0 }, undefined, stop));
    await failsWith('NOENT', () => fs.lookup(me, fs.root, b));
    assert.equal((await fs.lookup(me, fs.root, a)).attributes.size, 3);
    await fs.flush([inode, fs.root]);
  });

  check('SETATTR of nothing changes nothing', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    const { before, after } = await fs.setAttributes(me, inode, { mode: undefined });
    assert.deepEqual(before, after);
  });

  check('SETATTR: mode, size up and down, times to the nanosecond', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a', 'abcdef');
    const at = { seconds: 1_000_000_000, nanoseconds: 123_456_789 };
    const { after } = await fs.setAttributes(me, inode, { mode: 0o600, size: 3, mtime: at, atime: 'now' });
    assert.equal(after.mode, 0o600);
    assert.equal(after.size, 3);
    assert.equal(after.mtimeSeconds, at.seconds);
    assert.equal(after.mtimeNanoseconds, at.nanoseconds);
    await fs.setAttributes(me, inode, { size: 10 });
    assert.equal(String(await contentOf(fs, me, inode)), 'abc\0\0\0\0\0\0\0');
  });

  check('SETATTR: times before 1970 and after 2038', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    for (const seconds of [-1, 2 ** 31 + 5]) {
      const { after } = await fs.setAttributes(me, inode, { mtime: { seconds, nanoseconds: 7 } });
      assert.deepEqual([after.mtimeSeconds, after.mtimeNanoseconds], [seconds, 7]);
    }
  });

  check('SETATTR of a symbolic link sets its own times', async ({ fs, me }) => {
    const { inode } = await fs.symlink(me, fs.root, bytes('l'), bytes('nowhere'), {});
    const { after } = await fs.setAttributes(me, inode, { mode: 0, mtime: { seconds: 5, nanoseconds: 6 } });
    assert.deepEqual([after.mtimeSeconds, after.mtimeNanoseconds], [5, 6]);
    assert.equal(after.mode, 0o777);
  });

  check('SETATTR guard: NOT_SYNC if the ctime is another (§3.3.2)', async ({ fs, me }) => {
    const { inode, attributes: now } = await file(fs, me, fs.root, 'a');
    const ctime = { seconds: now.ctimeSeconds, nanoseconds: now.ctimeNanoseconds };
    const wrong = { ...ctime, seconds: ctime.seconds - 1 };
    await failsWith('NOT_SYNC', () => fs.setAttributes(me, inode, { mode: 0o600 }, wrong));
    assert.equal((await fs.attributes(inode)).mode, 0o644);
    await fs.setAttributes(me, inode, { mode: 0o600 }, ctime);
  });

  check('SETATTR of size: ISDIR, INVAL, FBIG', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    const link = await fs.symlink(me, fs.root, bytes('l'), bytes('a'), {});
    await failsWith('ISDIR', () => fs.setAttributes(me, fs.root, { size: 0 }));
    await failsWith('INVAL', () => fs.setAttributes(me, link.inode, { size: 0 }));
    if (fs.limits.maxFileSize === MAX_OFFSET) return;
    await failsWith('FBIG', () => fs.setAttributes(me, inode, { size: fs.limits.maxFileSize + 1 }));
  });

  check('space and limits are told', async ({ fs }) => {
    const space = await fs.space();
    assert.ok(space.totalBytes >= space.freeBytes && space.freeBytes >= space.availableBytes);
    assert.ok(fs.limits.maxNameBytes >= 255 && fs.limits.maxLinks > 1 && fs.limits.maxFileSize > 2 ** 40);
  });
}
