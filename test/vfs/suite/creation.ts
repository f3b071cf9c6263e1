import assert from 'node:assert/strict';
import { FileType } from '../../../src/vfs/index.ts';
import { bytes, contentOf, directory, failsWith, file } from '../support.ts';
import type { Check } from './check.ts';

export function creation(check: Check): void {
  check('CREATE guarded: EXIST for an existing name; unchecked opens it and sets only the size', async ({ fs, me }) => {
    const made = await file(fs, me, fs.root, 'a', 'content', 0o640);
    const how = { mode: 'guarded', attributes: {} } as const;
    await failsWith('EXIST', () => fs.create(me, fs.root, bytes('a'), how));
    const opened = await fs.create(me, fs.root, bytes('a'), { mode: 'unchecked', attributes: { mode: 0o777 } });
    assert.equal(opened.inode, made.inode);
    assert.equal(opened.attributes.mode, 0o640);
    assert.equal(opened.attributes.size, 7);
    const emptied = await fs.create(me, fs.root, bytes('a'), { mode: 'unchecked', attributes: { size: 0 } });
    assert.equal(emptied.attributes.size, 0);
  });

  check('CREATE gives the mode asked for, whatever the umask is, and the attributes of the directory', async (f) => {
    const { fs, me } = f;
    const made = await file(fs, me, fs.root, 'a', '', 0o666);
    assert.equal(made.attributes.mode, 0o666);
    assert.equal(made.attributes.uid, me.uid);
    assert.ok(made.directory.before !== undefined);
    assert.deepEqual(made.directory.after, await fs.attributes(fs.root));
  });

  check('CREATE on a directory, and of `.` and `..`: EXIST', async ({ fs, me }) => {
    await directory(fs, me, fs.root, 'd');
    for (const name of ['d', '.', '..']) {
      await failsWith('EXIST', () => fs.create(me, fs.root, bytes(name), { mode: 'unchecked', attributes: {} }));
    }
  });

  check('CREATE exclusive: the same verifier finds its file again, another one EXIST (§3.3.8)', async ({ fs, me }) => {
    const verifier = Buffer.from('fedcba9876543210', 'hex');
    const first = await fs.create(me, fs.root, bytes('a'), { mode: 'exclusive', verifier });
    const second = await fs.create(me, fs.root, bytes('a'), { mode: 'exclusive', verifier });
    assert.equal(second.inode, first.inode);
    const other = Buffer.from('fedcba9876543211', 'hex');
    await failsWith('EXIST', () => fs.create(me, fs.root, bytes('a'), { mode: 'exclusive', verifier: other }));
  });

  check('MKDIR, SYMLINK, MKNOD: EXIST for an existing name', async ({ fs, me }) => {
    await file(fs, me, fs.root, 'a');
    await failsWith('EXIST', () => fs.mkdir(me, fs.root, bytes('a'), {}));
    await failsWith('EXIST', () => fs.symlink(me, fs.root, bytes('a'), bytes('t'), {}));
    await failsWith('EXIST', () => fs.mknod(me, fs.root, bytes('a'), { type: FileType.FIFO }, {}));
    await failsWith('EXIST', () => fs.mkdir(me, fs.root, bytes('..'), {}));
  });

  check('MKDIR: mode, links and the change of the parent', async ({ fs, me }) => {
    const made = await fs.mkdir(me, fs.root, bytes('d'), { mode: 0o750 });
    assert.equal(made.attributes.type, FileType.DIR);
    assert.equal(made.attributes.mode, 0o750);
    assert.notDeepEqual(made.directory.before, made.directory.after);
  });

  check('SYMLINK: an empty target or one with NUL is INVAL, one too long NAMETOOLONG', async ({ fs, me }) => {
    await failsWith('INVAL', () => fs.symlink(me, fs.root, bytes('l'), bytes(''), {}));
    await failsWith('INVAL', () => fs.symlink(me, fs.root, bytes('l'), bytes('a\0b'), {}));
    await failsWith('NAMETOOLONG', () => fs.symlink(me, fs.root, bytes('l'), Buffer.alloc(4096, 'x'), {}));
  });

  check('MKNOD: FIFO and socket', async ({ fs, me }) => {
    for (const type of [FileType.FIFO, FileType.SOCK] as const) {
      const made = await fs.mknod(me, fs.root, bytes(`n${type}`), { type }, { mode: 0o600 });
      assert.equal(made.attributes.type, type);
      assert.equal(made.attributes.mode, 0o600);
    }
  });

  check('LINK: a second name of the same file; EXIST, ISDIR (§3.3.15)', async ({ fs, me }) => {
    const made = await file(fs, me, fs.root, 'a', 'x');
    const dir = await directory(fs, me, fs.root, 'd');
    const linked = await fs.link(me, made.inode, dir, bytes('b'));
    assert.equal(linked.file.nlink, 2);
    assert.equal((await fs.lookup(me, dir, bytes('b'))).inode, made.inode);
    await failsWith('EXIST', () => fs.link(me, made.inode, dir, bytes('b')));
    await failsWith('ISDIR', () => fs.link(me, dir, fs.root, bytes('e')));
    await fs.remove(me, fs.root, bytes('a'));
    assert.equal(String(await contentOf(fs, me, made.inode)), 'x');
  });

  check('LINK of a symbolic link links the link itself', async ({ fs, me }) => {
    const { inode } = await fs.symlink(me, fs.root, bytes('l'), bytes('nowhere'), {});
    await fs.link(me, inode, fs.root, bytes('m'));
    assert.equal((await fs.lookup(me, fs.root, bytes('m'))).inode, inode);
  });
}
