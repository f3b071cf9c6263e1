import assert from 'node:assert/strict';
import { Access, FileType, Stability } from '../../../src/vfs/index.ts';
import { ALICE, BOB, bytes, CAROL, contentOf, directory, failsWith, file, ROOT } from '../support.ts';
import type { Check } from './check.ts';

export function permission(check: Check): void {
  check('mode bits: owner, group, supplementary group, others', async ({ fs }) => {
    const { inode } = await file(fs, ALICE, fs.root, 'a', 'secret', 0o640);
    assert.equal(String(await contentOf(fs, CAROL, inode)), 'secret');
    await failsWith('ACCES', () => fs.write(CAROL, inode, 0, [bytes('x')], Stability.UNSTABLE));
    await fs.access(BOB, inode, 63);
    for (let again = 0; again < 3; again += 1) await failsWith('ACCES', () => fs.read(BOB, inode, 0, 10));
    for (let again = 0; again < 3; again += 1) await failsWith('ACCES', () => fs.commit(BOB, inode));
  });

  check('the owner may read and write whatever the mode is (RFC 1813 §4.4)', async ({ fs }) => {
    const { inode } = await file(fs, ALICE, fs.root, 'a', 'mine', 0o644);
    await fs.setAttributes(ALICE, inode, { mode: 0 });
    assert.equal(String(await contentOf(fs, ALICE, inode)), 'mine');
    await fs.write(ALICE, inode, 0, [bytes('M')], Stability.FILE_SYNC);
    await fs.setAttributes(ALICE, inode, { size: 1 });
    await failsWith('ACCES', () => fs.read(BOB, inode, 0, 10));
    assert.equal((await fs.access(ALICE, inode, Access.READ | Access.MODIFY)).granted, 0);
  });

  check('execute permission lets a caller read (RFC 1813 §4.4)', async ({ fs }) => {
    const { inode } = await file(fs, ALICE, fs.root, 'a', 'program', 0o711);
    assert.equal(String(await contentOf(fs, BOB, inode)), 'program');
    assert.equal((await fs.access(BOB, inode, 63)).granted, Access.EXECUTE);
  });

  check('permission taken away counts at once', async ({ fs }) => {
    const { inode } = await file(fs, ALICE, fs.root, 'a', 'secret', 0o644);
    await contentOf(fs, BOB, inode);
    await fs.setAttributes(ALICE, inode, { mode: 0o600 });
    await failsWith('ACCES', () => fs.read(BOB, inode, 0, 10));
    await fs.setAttributes(ALICE, inode, { mode: 0o604 });
    await contentOf(fs, BOB, inode);
  });

  check('directories: search, list and change are three permissions', async ({ fs }) => {
    const dir = await directory(fs, ALICE, fs.root, 'd', 0o711);
    await file(fs, ALICE, dir, 'a');
    await fs.lookup(BOB, dir, bytes('a'));
    await failsWith('ACCES', () => fs.readdir(BOB, dir, 0n, false, () => true));
    await failsWith('ACCES', () => file(fs, BOB, dir, 'b'));
    await failsWith('ACCES', () => fs.remove(BOB, dir, bytes('a')));
    await fs.setAttributes(ALICE, dir, { mode: 0o744 });
    await failsWith('ACCES', () => fs.lookup(BOB, dir, bytes('a')));
    const { entries } = await fs.readdir(BOB, dir, 0n, true, () => true);
    assert.deepEqual(
      entries.map((entry) => entry.attributes),
      [undefined, undefined, undefined],
    );
  });

  check('ACCESS on a directory and a file (§3.3.4)', async ({ fs }) => {
    const dir = await directory(fs, ALICE, fs.root, 'd', 0o750);
    const { inode } = await file(fs, ALICE, fs.root, 'a', '', 0o754);
    const all = 63;
    assert.equal((await fs.access(ALICE, dir, all)).granted, 31);
    assert.equal((await fs.access(CAROL, dir, all)).granted, Access.READ | Access.LOOKUP);
    assert.equal((await fs.access(BOB, dir, all)).granted, 0);
    assert.equal((await fs.access(ALICE, inode, all)).granted, 1 | 4 | 8 | 32);
    assert.equal((await fs.access(BOB, inode, all)).granted, Access.READ);
    assert.equal((await fs.access(BOB, inode, Access.MODIFY)).granted, 0);
  });

  check('a sticky directory: only the owner takes a name away', async ({ fs }) => {
    const dir = await directory(fs, ALICE, fs.root, 'd', 0o777);
    await fs.setAttributes(ALICE, dir, { mode: 0o1777 });
    await file(fs, CAROL, dir, 'a');
    await failsWith('PERM', () => fs.remove(BOB, dir, bytes('a')));
    await failsWith('PERM', () => fs.rename(BOB, dir, bytes('a'), dir, bytes('b')));
    await fs.remove(CAROL, dir, bytes('a'));
  });

  check('SETATTR: mode and owner are for the owner and root', async ({ fs }) => {
    const { inode } = await file(fs, ALICE, fs.root, 'a', '', 0o666);
    await failsWith('PERM', () => fs.setAttributes(BOB, inode, { mode: 0o600 }));
    await failsWith('PERM', () => fs.setAttributes(ALICE, inode, { uid: BOB.uid }));
    await failsWith('PERM', () => fs.setAttributes(ALICE, inode, { gid: 4444 }));
    await fs.setAttributes(ALICE, inode, { gid: 3000 });
    const { after } = await fs.setAttributes(ROOT, inode, { uid: BOB.uid, gid: BOB.gid });
    assert.deepEqual([after.uid, after.gid], [BOB.uid, BOB.gid]);
  });

  check('SETATTR of times: given ones for the owner, the server time for whoever may write', async ({ fs }) => {
    const { inode } = await file(fs, ALICE, fs.root, 'a', '', 0o666);
    const time = { seconds: 1, nanoseconds: 2 };
    await failsWith('PERM', () => fs.setAttributes(BOB, inode, { mtime: time }));
    await fs.setAttributes(BOB, inode, { mtime: 'now' });
    await fs.setAttributes(BOB, inode, { mtime: 'now', atime: 'now' });
    await fs.setAttributes(ALICE, inode, { mode: 0o644 });
    await failsWith('ACCES', () => fs.setAttributes(BOB, inode, { mtime: 'now' }));
  });

  check('WRITE by another than root takes set-uid away', async ({ fs }) => {
    for (const size of [10, 200_000]) {
      const { inode } = await file(fs, ALICE, fs.root, `a${size}`, '', 0o777);
      await fs.setAttributes(ALICE, inode, { mode: 0o6777 });
      const { file: change } = await fs.write(BOB, inode, 0, [Buffer.alloc(size)], Stability.UNSTABLE);
      assert.equal(change.after.mode, 0o777);
    }
  });

  check('chown takes set-uid away', async ({ fs }) => {
    const { inode } = await file(fs, ALICE, fs.root, 'a', '', 0o755);
    await fs.setAttributes(ALICE, inode, { mode: 0o4755 });
    const { after } = await fs.setAttributes(ROOT, inode, { uid: BOB.uid });
    assert.equal(after.mode, 0o755);
  });

  check("CREATE: ids in the attributes count only for root; a set-gid directory's group is inherited", async (f) => {
    const { fs } = f;
    const attributes = { mode: 0o644, uid: 7, gid: 8 };
    const mine = await fs.create(ALICE, fs.root, bytes('a'), { mode: 'guarded', attributes });
    assert.deepEqual([mine.attributes.uid, mine.attributes.gid], [ALICE.uid, ALICE.gid]);
    const given = await fs.create(ROOT, fs.root, bytes('b'), { mode: 'guarded', attributes });
    assert.deepEqual([given.attributes.uid, given.attributes.gid], [7, 8]);
    const dir = await directory(fs, ALICE, fs.root, 'd', 0o777);
    await fs.setAttributes(ALICE, dir, { mode: 0o2777 });
    assert.equal((await file(fs, BOB, dir, 'x')).attributes.gid, ALICE.gid);
  });

  check('CREATE unchecked with a size: needs write permission on the existing file', async ({ fs }) => {
    await file(fs, ALICE, fs.root, 'a', 'keep', 0o644);
    const how = { mode: 'unchecked', attributes: { size: 0 } } as const;
    await failsWith('ACCES', () => fs.create(BOB, fs.root, bytes('a'), how));
    await fs.create(BOB, fs.root, bytes('a'), { mode: 'unchecked', attributes: {} });
  });

  check('MKNOD of devices: root alone', async ({ fs }) => {
    const kind = { type: FileType.CHR, major: 259, minor: 0x12345 } as const;
    await failsWith('PERM', () => fs.mknod(ALICE, fs.root, bytes('c'), kind, { mode: 0o600 }));
    const { attributes: made } = await fs.mknod(ROOT, fs.root, bytes('c'), kind, { mode: 0o600 });
    assert.deepEqual([made.type, made.rdevMajor, made.rdevMinor], [FileType.CHR, 259, 0x12345]);
    const { attributes: block } = await fs.mknod(ROOT, fs.root, bytes('b'), { ...kind, type: FileType.BLK }, {});
    assert.equal(block.type, FileType.BLK);
  });
}
