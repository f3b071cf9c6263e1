import assert from 'node:assert/strict';
import { FileType } from '../../../src/vfs/index.ts';
import { bytes, contentOf, directory, failsWith, file, names } from '../support.ts';
import type { Check } from './check.ts';

export function lookups(check: Check): void {
  check('LOOKUP finds a file, with the attributes of both', async ({ fs, me }) => {
    const made = await file(fs, me, fs.root, 'a', 'abc');
    const found = await fs.lookup(me, fs.root, bytes('a'));
    assert.equal(found.inode, made.inode);
    assert.equal(found.attributes.size, 3);
    assert.equal(found.directory.type, FileType.DIR);
  });

  check(
    'LOOKUP in the turn of the event loop in which its directory was changed tells the change',
    async ({ fs, me }) => {
      const dir = await directory(fs, me, fs.root, 'd');
      await file(fs, me, dir, 'a');
      const modes = [0o700, 0o711, 0o755];
      const started = modes.flatMap((mode) => [fs.setAttributes(me, dir, { mode }), fs.lookup(me, dir, bytes('a'))]);
      const ended = await Promise.all(started);
      const seen = ended.flatMap((result) => ('directory' in result ? [result.directory.mode] : []));
      assert.deepEqual(seen, modes);
    },
  );

  check('LOOKUP: NOENT, NOTDIR, NAMETOOLONG', async ({ fs, me }) => {
    const made = await file(fs, me, fs.root, 'a');
    await failsWith('NOENT', () => fs.lookup(me, fs.root, bytes('b')));
    await failsWith('NOTDIR', () => fs.lookup(me, made.inode, bytes('b')));
    await failsWith('NAMETOOLONG', () => fs.lookup(me, fs.root, Buffer.alloc(256, 'x')));
  });

  check('LOOKUP of `.` and `..`: `..` of the root is the root (RFC 1813 §3.3.3)', async ({ fs, me }) => {
    const dir = await directory(fs, me, fs.root, 'd');
    assert.equal((await fs.lookup(me, dir, bytes('.'))).inode, dir);
    assert.equal((await fs.lookup(me, dir, bytes('..'))).inode, fs.root);
    assert.equal((await fs.lookup(me, fs.root, bytes('..'))).inode, fs.root);
  });

  check('names of any bytes', async ({ fs, me }) => {
    const odd = [Buffer.from([0xff, 0xfe, 0x01]), Buffer.from('\n\\ "'), Buffer.alloc(255, 0xe9), Buffer.from('ü')];
    for (const name of odd) await file(fs, me, fs.root, name, name);
    for (const name of odd) {
      const { inode } = await fs.lookup(me, fs.root, name);
      assert.deepEqual(await contentOf(fs, me, inode), name);
    }
    const listed = (await names(fs, me, fs.root)).map((name) => name.toString('hex'));
    for (const name of odd) assert.ok(listed.includes(name.toString('hex')));
  });

  check('READLINK gives the target as it was; INVAL for what is no link (§3.3.5)', async ({ fs, me }) => {
    const target = Buffer.from([0x2e, 0x2e, 0x2f, 0xff]);
    const { inode, attributes } = await fs.symlink(me, fs.root, bytes('l'), target, {});
    assert.equal(attributes.type, FileType.LNK);
    assert.deepEqual((await fs.readlink(me, inode)).target, target);
    await failsWith('INVAL', () => fs.readlink(me, fs.root));
  });

  check('a symbolic link is never followed', async ({ fs, me }) => {
    await directory(fs, me, fs.root, 'd');
    const { inode } = await fs.symlink(me, fs.root, bytes('l'), bytes('d'), {});
    assert.equal((await fs.lookup(me, fs.root, bytes('l'))).inode, inode);
    await failsWith('NOTDIR', () => fs.lookup(me, inode, bytes('x')));
    await failsWith('NOTDIR', () => file(fs, me, inode, 'x'));
    await failsWith('INVAL', () => fs.read(me, inode, 0, 10));
    await failsWith('EXIST', () => fs.create(me, fs.root, bytes('l'), { mode: 'unchecked', attributes: {} }));
  });
}
