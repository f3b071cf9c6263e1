import assert from 'node:assert/strict';
import { bytes, directory, failsWith, file } from '../support.ts';
import type { Check } from './check.ts';

export function removal(check: Check): void {
  check('REMOVE: NOENT, ISDIR; the directory changes', async ({ fs, me }) => {
    await file(fs, me, fs.root, 'a');
    await directory(fs, me, fs.root, 'd');
    await failsWith('NOENT', () => fs.remove(me, fs.root, bytes('b')));
    await failsWith('ISDIR', () => fs.remove(me, fs.root, bytes('d')));
    const change = await fs.remove(me, fs.root, bytes('a'));
    assert.notDeepEqual(change.before, change.after);
    await failsWith('NOENT', () => fs.lookup(me, fs.root, bytes('a')));
  });

  check('RMDIR: NOTEMPTY, NOTDIR, `.` INVAL, `..` EXIST (§3.3.13)', async ({ fs, me }) => {
    const dir = await directory(fs, me, fs.root, 'd');
    await file(fs, me, dir, 'a');
    await failsWith('NOTEMPTY', () => fs.rmdir(me, fs.root, bytes('d')));
    await failsWith('NOTDIR', () => fs.rmdir(me, dir, bytes('a')));
    await failsWith('INVAL', () => fs.rmdir(me, dir, bytes('.')));
    await failsWith('EXIST', () => fs.rmdir(me, dir, bytes('..')));
    await fs.remove(me, dir, bytes('a'));
    await fs.rmdir(me, fs.root, bytes('d'));
    await failsWith('NOENT', () => fs.rmdir(me, fs.root, bytes('d')));
  });

  check('a name that was used again is another file', async ({ fs, me }) => {
    const first = await file(fs, me, fs.root, 'a', 'first');
    await fs.remove(me, fs.root, bytes('a'));
    const second = await file(fs, me, fs.root, 'a', 'second');
    assert.notEqual(second.inode, first.inode);
    assert.equal((await fs.lookup(me, fs.root, bytes('a'))).inode, second.inode);
    await failsWith('STALE', () => fs.attributes(first.inode));
  });
}
