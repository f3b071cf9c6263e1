import assert from 'node:assert/strict';
import { bytes, directory, failsWith, file } from '../support.ts';
import type { Check } from './check.ts';

export function renaming(check: Check): void {
  check('RENAME between directories; the file stays the same', async ({ fs, me }) => {
    const [from, to] = [await directory(fs, me, fs.root, 'f'), await directory(fs, me, fs.root, 't')];
    const made = await file(fs, me, from, 'a', 'x');
    const change = await fs.rename(me, from, bytes('a'), to, bytes('b'));
    assert.notDeepEqual(change.from.before, change.from.after);
    assert.notDeepEqual(change.to.before, change.to.after);
    assert.equal((await fs.lookup(me, to, bytes('b'))).inode, made.inode);
    await failsWith('NOENT', () => fs.lookup(me, from, bytes('a')));
    await failsWith('NOENT', () => fs.rename(me, from, bytes('a'), to, bytes('c')));
  });

  check('RENAME replaces a file; the replaced one is STALE', async ({ fs, me }) => {
    const a = await file(fs, me, fs.root, 'a', 'new');
    const b = await file(fs, me, fs.root, 'b', 'old');
    await fs.rename(me, fs.root, bytes('a'), fs.root, bytes('b'));
    assert.equal((await fs.lookup(me, fs.root, bytes('b'))).inode, a.inode);
    await failsWith('STALE', () => fs.attributes(b.inode));
  });

  check('RENAME of two names of one file does nothing (§3.3.14)', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    await fs.link(me, inode, fs.root, bytes('b'));
    await fs.rename(me, fs.root, bytes('a'), fs.root, bytes('b'));
    assert.equal((await fs.lookup(me, fs.root, bytes('a'))).inode, inode);
    await fs.rename(me, fs.root, bytes('a'), fs.root, bytes('a'));
    assert.equal((await fs.attributes(inode)).nlink, 2);
  });

  check('RENAME onto a non-empty directory: NOTEMPTY; onto an empty one it replaces it', async ({ fs, me }) => {
    const [a, b] = [await directory(fs, me, fs.root, 'a'), await directory(fs, me, fs.root, 'b')];
    await file(fs, me, b, 'x');
    await failsWith('NOTEMPTY', () => fs.rename(me, fs.root, bytes('a'), fs.root, bytes('b')));
    await fs.remove(me, b, bytes('x'));
    await fs.rename(me, fs.root, bytes('a'), fs.root, bytes('b'));
    assert.equal((await fs.lookup(me, fs.root, bytes('b'))).inode, a);
  });

  check('RENAME of a directory onto a file and the other way round: EXIST (§3.3.14)', async ({ fs, me }) => {
    await directory(fs, me, fs.root, 'd');
    await file(fs, me, fs.root, 'a');
    await failsWith('EXIST', () => fs.rename(me, fs.root, bytes('d'), fs.root, bytes('a')));
    await failsWith('EXIST', () => fs.rename(me, fs.root, bytes('a'), fs.root, bytes('d')));
  });

  check('RENAME of a directory into itself, and of `.` and `..`: INVAL', async ({ fs, me }) => {
    const dir = await directory(fs, me, fs.root, 'd');
    const sub = await directory(fs, me, dir, 's');
    await failsWith('INVAL', () => fs.rename(me, fs.root, bytes('d'), sub, bytes('x')));
    await failsWith('INVAL', () => fs.rename(me, dir, bytes('.'), fs.root, bytes('x')));
    await failsWith('INVAL', () => fs.rename(me, dir, bytes('s'), fs.root, bytes('..')));
  });
}
