import assert from 'node:assert/strict';
import { bytes, contentOf, directory, failsWith, file } from '../support.ts';
import type { Check } from './check.ts';

export function handles(check: Check): void {
  check('resolve: the same object for the same body', async ({ fs, me }) => {
    const made = await file(fs, me, fs.root, 'a', 'x');
    assert.equal(await fs.resolve(made.inode.body), made.inode);
    assert.ok(made.inode.body.length <= 41);
  });

  check('resolve: a removed file is STALE', async ({ fs, me }) => {
    const made = await file(fs, me, fs.root, 'a');
    await fs.remove(me, fs.root, bytes('a'));
    await failsWith('STALE', () => fs.resolve(made.inode.body));
    await failsWith('STALE', () => fs.attributes(made.inode));
  });

  check('resolve: a removed file is STALE from the moment it is removed', async ({ fs, me }) => {
    for (let at = 0; at < 50; at += 1) {
      const { inode } = await file(fs, me, fs.root, `f${at}`, 'x');
      await fs.remove(me, fs.root, bytes(`f${at}`));
      await failsWith('STALE', () => fs.attributes(inode));
    }
  });

  check('resolve: a removed directory is STALE, also as the place of an operation', async ({ fs, me }) => {
    const dir = await directory(fs, me, fs.root, 'd');
    await fs.rmdir(me, fs.root, bytes('d'));
    await failsWith('STALE', () => fs.lookup(me, dir, bytes('x')));
    await failsWith('STALE', () => file(fs, me, dir, 'x'));
  });

  check('resolve: bytes that name nothing are BADHANDLE', async ({ fs }) => {
    for (const body of [Buffer.alloc(0), Buffer.alloc(1), Buffer.alloc(64, 0xff)]) {
      await failsWith('BADHANDLE', () => fs.resolve(body));
    }
  });
}

export function restarts(check: Check): void {
  check('handles outlive the file system object: files, directories, hard links, after RENAME', async (fixture) => {
    const { fs, me } = fixture;
    const dir = await directory(fs, me, fs.root, 'd');
    const deep = await directory(fs, me, dir, 'deep');
    const made = await file(fs, me, deep, 'a', 'content');
    await fs.link(me, made.inode, fs.root, bytes('other'));
    await fs.rename(me, deep, bytes('a'), dir, bytes('b'));
    await fs.remove(me, fs.root, bytes('other'));
    await fs.rename(me, fs.root, bytes('d'), fs.root, bytes('e'));
    const bodies = [made.inode.body, deep.body, dir.body, fs.root.body];
    const again = await fixture.reopen();
    assert.equal(String(await contentOf(again, me, await again.resolve(bodies[0]!))), 'content');
    for (const body of bodies) assert.deepEqual((await again.resolve(body)).body, body);
    await again.lookup(me, await again.resolve(dir.body), bytes('b'));
  });

  check('a handle seen only by READDIRPLUS outlives the file system object', async (fixture) => {
    const { fs, me } = fixture;
    await file(fs, me, fs.root, 'a', 'listed');
    const { entries } = await fs.readdir(me, fs.root, 0n, true, () => true);
    const { body } = entries.find((entry) => entry.name.equals(bytes('a')))!.inode!;
    const again = await fixture.reopen();
    assert.equal(String(await contentOf(again, me, await again.resolve(body))), 'listed');
  });

  check('CREATE exclusive finds its file again after a restart', async (fixture) => {
    const { fs, me } = fixture;
    const verifier = Buffer.from('0123456789abcdef', 'hex');
    const first = await fs.create(me, fs.root, bytes('a'), { mode: 'exclusive', verifier });
    const again = await fixture.reopen();
    const second = await again.create(me, again.root, bytes('a'), { mode: 'exclusive', verifier });
    assert.deepEqual(second.inode.body, first.inode.body);
  });
}
