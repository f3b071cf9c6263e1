import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lchownSync, readdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Caller, FsError, Stability } from '../../../src/vfs/index.ts';
import { capabilities } from '../../../src/vfs/local/index.ts';
import { ALICE, BOB, bytes, contentOf, directory, failsWith, file, names, ROOT } from '../support.ts';
import { isRoot, mounted, whyNoMount, withLocal } from './fixture.ts';

const can = capabilities();
const needsUsers = can.switchUser ? false : 'needs root to act as several users';
const needsHandles = can.openByHandle ? false : 'needs CAP_DAC_READ_SEARCH';

test('WRITE on a full ext4: NOSPC, and the blocks reserved for root stay free', {
  skip: whyNoMount('ext4') ?? false,
}, async () => {
  const volume = mounted('ext4', 32);
  try {
    await withLocal({ below: volume.path }, async ({ fs }) => {
      const { inode } = await file(fs, ALICE, fs.root, 'a');
      for (const size of [1 << 20, 4096]) {
        await failsWith('NOSPC', async () => {
          for (let at = (await fs.attributes(inode)).size, end = at + (40 << 20); at < end; ) {
            const { count } = await fs.write(ALICE, inode, at, [Buffer.alloc(size, 1)], Stability.FILE_SYNC);
            at += count;
          }
        });
      }
      const space = await fs.space();
      assert.ok(space.freeBytes > 512n << 10n, `${space.freeBytes} bytes are left for root`);
      assert.ok(space.availableBytes < 64n << 10n);
      await fs.remove(ALICE, fs.root, bytes('a'));
    });
  } finally {
    volume.dispose();
  }
});

test('a read-only mount: every change is ROFS, reading goes on', { skip: whyNoMount('tmpfs') ?? false }, async () => {
  const volume = mounted('tmpfs', 0);
  try {
    const prepare = (path: string) => {
      writeFileSync(join(path, 'a'), 'read me', { mode: 0o666 });
      lchownSync(join(path, 'a'), ALICE.uid, ALICE.gid);
      execFileSync('mount', ['-o', 'remount,ro', volume.path]);
    };
    const run = withLocal({ below: volume.path, prepare }, async ({ fs }) => {
      const { inode } = await fs.lookup(ALICE, fs.root, bytes('a'));
      assert.equal(String(await contentOf(fs, ALICE, inode)), 'read me');
      assert.equal((await fs.access(ALICE, inode, 63)).granted, 1);
      await failsWith('ROFS', () => fs.write(ALICE, inode, 0, [bytes('x')], Stability.UNSTABLE));
      await failsWith('ROFS', () => fs.setAttributes(ALICE, inode, { mode: 0o600 }));
      await failsWith('ROFS', () => fs.setAttributes(ALICE, inode, { size: 0 }));
      await failsWith('ROFS', () => file(fs, ALICE, fs.root, 'b'));
      await failsWith('ROFS', () => fs.mkdir(ALICE, fs.root, bytes('d'), {}));
      await failsWith('ROFS', () => fs.remove(ALICE, fs.root, bytes('a')));
      await failsWith('ROFS', () => fs.rename(ALICE, fs.root, bytes('a'), fs.root, bytes('b')));
      execFileSync('mount', ['-o', 'remount,rw', volume.path]);
    });
    await run;
  } finally {
    volume.dispose();
  }
});

function hasAcl(): boolean {
  try {
    execFileSync('which', ['setfacl'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('access control lists decide, and count as soon as they are changed', {
  skip: needsUsers || (hasAcl() ? false : 'needs setfacl'),
}, async () => {
  await withLocal({}, async ({ fs, path }) => {
    const { inode } = await file(fs, ALICE, fs.root, 'a', 'secret', 0o600);
    await failsWith('ACCES', () => fs.read(BOB, inode, 0, 10));
    execFileSync('setfacl', ['-m', `u:${BOB.uid}:r`, join(path, 'a')]);
    assert.equal(String(await contentOf(fs, BOB, inode)), 'secret');
    await failsWith('ACCES', () => fs.write(BOB, inode, 0, [bytes('x')], Stability.UNSTABLE));
    execFileSync('setfacl', ['-b', join(path, 'a')]);
    await failsWith('ACCES', () => fs.read(BOB, inode, 0, 10));
  });
});

test('20,000 entries: those that stay are listed once, with small replies, while others come and go', async () => {
  const total = 20_000;
  const prepare = (path: string) => {
    for (let at = 0; at < total; at += 1) writeFileSync(join(path, `keep-${at}`), '');
  };
  await withLocal({ prepare }, async ({ fs, me, path }) => {
    const seen = new Map<string, number>();
    let cookie = 0n;
    for (let round = 0, eof = false; !eof; round += 1) {
      let room = 1 + (round % 60);
      const reply = await fs.readdir(me, fs.root, cookie, round % 2 === 0, () => room-- > 0);
      for (const { name } of reply.entries) seen.set(String(name), (seen.get(String(name)) ?? 0) + 1);
      cookie = reply.entries.at(-1)?.cookie ?? cookie;
      eof = reply.eof;
      writeFileSync(join(path, `new-${round}`), '');
      if (round > 5) unlinkSync(join(path, `new-${round - 5}`));
    }
    for (let at = 0; at < total; at += 1) assert.equal(seen.get(`keep-${at}`), 1, `keep-${at}`);
  });
});

const modes = can.openByHandle ? (['kernel', 'index'] as const) : (['index'] as const);

for (const handles of modes) {
  test(`with 24 descriptors, a few hundred files are worked on all the same (${handles})`, async () => {
    await withLocal({ handles, descriptors: 24 }, async ({ fs, me }) => {
      const open = () => readdirSync('/proc/self/fd').length;
      const before = open();
      const dirs = [];
      for (let at = 0; at < 20; at += 1) dirs.push(await directory(fs, me, fs.root, `d${at}`));
      const made = [];
      for (let at = 0; at < 300; at += 1) {
        const { inode } = await fs.create(me, dirs[at % 20]!, bytes(`f${at}`), {
          mode: 'guarded',
          attributes: { mode: 0o644 },
        });
        await fs.write(me, inode, 0, [bytes(`content ${at}`)], Stability.UNSTABLE);
        made.push(inode);
      }
      assert.ok(open() - before <= 30, `${open() - before} more descriptors`);
      assert.ok(made.some((inode) => inode.closed));
      for (const [at, inode] of made.entries()) {
        assert.equal(String(await contentOf(fs, me, inode)), `content ${at}`);
        await fs.commit(me, inode);
      }
      // All at once: more than there are descriptors for. What finds none is told to come again.
      const reads = made.map((inode) => contentOf(fs, me, inode).catch((error: unknown) => error));
      const failed = (await Promise.all(reads)).filter((result) => !Buffer.isBuffer(result));
      for (const error of failed) assert.ok(error instanceof FsError && error.code === 'JUKEBOX', String(error));
      const found = (await names(fs, me, dirs[3]!, 4, true)).length;
      assert.equal(found, 15 + 2);
    });
  });

  test(`files removed on the server itself are let go of (${handles})`, async () => {
    await withLocal({ handles }, async ({ fs, me, path }) => {
      const { inode } = await file(fs, me, fs.root, 'a', 'x');
      unlinkSync(join(path, 'a'));
      while (!inode.closed) await sleep(50);
      await failsWith('STALE', () => fs.attributes(inode));
    });
  });
}

test('a listing of many files does not push out what is in use', { skip: needsHandles }, async () => {
  const prepare = (path: string) => {
    for (let at = 0; at < 500; at += 1) writeFileSync(join(path, `f${at}`), '');
  };
  await withLocal({ prepare, descriptors: 100 }, async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'used');
    const { entries } = await fs.readdir(me, fs.root, 0n, true, () => true);
    assert.equal(inode.closed, false);
    const listed = entries.filter((entry) => String(entry.name).startsWith('f'));
    assert.equal(listed.length, 500);
    for (const entry of listed) assert.deepEqual(await fs.attributes(entry.inode!), entry.attributes);
  });
});

test('the owner writes a file of mode 0444 again after it was closed, also where the server is a plain user', async () => {
  await withLocal({ handles: 'index' }, async (fixture) => {
    const { fs, me } = fixture;
    const { inode } = await file(fs, me, fs.root, 'a', 'one', 0o444);
    const again = await fixture.reopen();
    const resolved = await again.resolve(inode.body);
    await again.write(me, resolved, 3, [bytes(' two')], Stability.FILE_SYNC);
    assert.equal(String(await contentOf(again, me, resolved)), 'one two');
    assert.equal((await again.attributes(resolved)).mode, 0o444);
  });
});

test('the server as a plain user may not do more than that user', {
  skip: isRoot ? 'needs a plain user' : false,
}, async () => {
  await withLocal({}, async ({ fs, me }) => {
    assert.equal(fs.handles, 'index');
    const { inode } = await file(fs, me, fs.root, 'a');
    await failsWith('PERM', () => fs.setAttributes(me, inode, { uid: me.uid + 1 }));
    const stranger: Caller = { ...me, uid: me.uid + 1 };
    assert.equal((await file(fs, stranger, fs.root, 'b')).attributes.uid, me.uid);
  });
});

test('async: nothing is waited for, and WRITE says what it was asked (exports(5))', async () => {
  await withLocal({}, async ({ fs, me }) => {
    const lazy: Caller = { ...me, sync: false };
    const { inode } = await file(fs, lazy, fs.root, 'a');
    const written = await fs.write(lazy, inode, 0, [bytes('x')], Stability.FILE_SYNC);
    assert.equal(written.committed, Stability.FILE_SYNC);
    await fs.commit(lazy, inode);
  });
});

test('LINK and RENAME between two file systems: XDEV', { skip: needsUsers }, async () => {
  await withLocal({}, async (one) => {
    await withLocal({}, async (two) => {
      const { inode } = await file(one.fs, ROOT, one.fs.root, 'a');
      await failsWith('XDEV', () => one.fs.link(ROOT, inode, two.fs.root, bytes('b')));
      await failsWith('XDEV', () => one.fs.rename(ROOT, one.fs.root, bytes('a'), two.fs.root, bytes('b')));
    });
  });
});
