import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import koffi from 'koffi';
import { bytes, contentOf, directory, failsWith, file } from '../support.ts';
import { isRoot, withLocal } from './fixture.ts';

const RLIMIT_NOFILE = 7;
const libc = koffi.load('libc.so.6');
const getrlimit = libc.func('int getrlimit(int resource, _Out_ void *limit)');
const setrlimit = libc.func('int setrlimit(int resource, void *limit)');

/** Runs where this process gets no more descriptors. */
async function withoutDescriptors(run: () => Promise<void>): Promise<void> {
  const limit = Buffer.alloc(16);
  assert.equal(getrlimit(RLIMIT_NOFILE, limit), 0);
  const none = Buffer.from(limit);
  none.writeBigUInt64LE(0n, 0);
  assert.equal(setrlimit(RLIMIT_NOFILE, none), 0);
  try {
    await run();
  } finally {
    setrlimit(RLIMIT_NOFILE, limit);
  }
}

test('a file that was renamed in its directory while nobody served it is found by its number', async () => {
  await withLocal({ handles: 'index' }, async (fixture) => {
    const { fs, me, path } = fixture;
    const dir = await directory(fs, me, fs.root, 'd');
    const { inode } = await file(fs, me, dir, 'a', 'content');
    await fs.close();
    renameSync(join(path, 'd/a'), join(path, 'd/b'));
    renameSync(join(path, 'd'), join(path, 'e'));
    const again = await fixture.reopen();
    assert.equal(String(await contentOf(again, me, await again.resolve(inode.body))), 'content');
    const last = await fixture.reopen();
    assert.deepEqual((await last.resolve(inode.body)).body, inode.body);
  });
});

test('a file that was moved to another directory meanwhile is STALE until it is seen there', async () => {
  await withLocal({ handles: 'index' }, async (fixture) => {
    const { fs, me, path } = fixture;
    const dir = await directory(fs, me, fs.root, 'd');
    const { inode } = await file(fs, me, dir, 'a', 'content');
    await fs.close();
    renameSync(join(path, 'd/a'), join(path, 'a'));
    const again = await fixture.reopen();
    await failsWith('STALE', () => again.resolve(inode.body));
    assert.deepEqual((await again.lookup(me, again.root, bytes('a'))).inode.body, inode.body);
    const last = await fixture.reopen();
    await last.resolve(inode.body);
  });
});

test('another file in the same place is not taken for the one that is gone', async () => {
  await withLocal({ handles: 'index' }, async (fixture) => {
    const { fs, me, path } = fixture;
    const { inode } = await file(fs, me, fs.root, 'a', 'old');
    await fs.close();
    rmSync(join(path, 'a'));
    writeFileSync(join(path, 'a'), 'new');
    const again = await fixture.reopen();
    await failsWith('STALE', () => again.resolve(inode.body));
  });
});

test('directories that were exchanged do not lead in a circle', async () => {
  await withLocal({ handles: 'index' }, async (fixture) => {
    const { fs, me, path } = fixture;
    const outer = await directory(fs, me, fs.root, 'outer');
    const inner = await directory(fs, me, outer, 'inner');
    const { inode } = await file(fs, me, inner, 'a');
    await fs.rename(me, outer, bytes('inner'), fs.root, bytes('inner'));
    await fs.rename(me, fs.root, bytes('outer'), inner, bytes('outer'));
    await fs.close();
    mkdirSync(join(path, 'x'));
    renameSync(join(path, 'inner'), join(path, 'x/inner'));
    const again = await fixture.reopen();
    await failsWith('STALE', () => again.resolve(inode.body));
    await failsWith('STALE', () => again.resolve(outer.body));
  });
});

test('only the place that is gone is forgotten: a hard link keeps the file', async () => {
  await withLocal({ handles: 'index' }, async (fixture) => {
    const { fs, me, path } = fixture;
    const { inode } = await file(fs, me, fs.root, 'a', 'linked');
    const dir = await directory(fs, me, fs.root, 'd');
    await fs.link(me, inode, dir, bytes('b'));
    await fs.close();
    rmSync(join(path, 'a'));
    const again = await fixture.reopen();
    assert.equal(String(await contentOf(again, me, await again.resolve(inode.body))), 'linked');
  });
});

test('a place that cannot be looked at for want of descriptors is not forgotten', async () => {
  await withLocal({ handles: 'index' }, async (fixture) => {
    const { fs, me } = fixture;
    const { inode } = await file(fs, me, fs.root, 'a', 'content');
    const again = await fixture.reopen();
    await withoutDescriptors(() => failsWith('JUKEBOX', () => again.resolve(inode.body)));
    assert.equal(String(await contentOf(again, me, await again.resolve(inode.body))), 'content');
  });
});

test('a place in a directory that may not be searched for a while is not forgotten', {
  skip: isRoot && 'root may search all',
}, async () => {
  await withLocal({ handles: 'index' }, async (fixture) => {
    const { fs, me, path } = fixture;
    const dir = await directory(fs, me, fs.root, 'd');
    const { inode } = await file(fs, me, dir, 'a', 'content');
    const again = await fixture.reopen();
    chmodSync(join(path, 'd'), 0);
    try {
      await failsWith('ACCES', () => again.resolve(inode.body));
    } finally {
      chmodSync(join(path, 'd'), 0o700);
    }
    assert.equal(String(await contentOf(again, me, await again.resolve(inode.body))), 'content');
  });
});
