import { cases, linux, must, should } from '../case.ts';
import { check, equal, fails, ok } from '../expect.ts';
import { NFS2 } from '../programs/nfs2.ts';
import { handleCases } from './common.ts';
import {
  ALICE,
  attributesOf,
  BOB,
  MAXDATA,
  newFile,
  newFolder,
  newLink,
  nfs2,
  PERMISSIONS,
  staleFolder,
  write,
} from './tools.ts';

const NOW_WITHIN_SECONDS = 24 * 3600;
const FORMAT = 0o170000;

export const GETATTR = cases({ program: NFS2, procedure: 'GETATTR', clause: 'RFC 1094 §2.2.2' }, [
  must('regular-file', 'a regular file: type, permissions, size, one link', async (t) => {
    const { type, mode, size, nlink } = await attributesOf(
      t,
      await newFile(t, 'file', { mode: 0o640, data: 'twelve bytes' }),
    );
    equal('attributes', [type, mode & PERMISSIONS, size, nlink], ['NFREG', 0o640, 12, 1]);
  }),
  must('directory', 'a directory: type, permissions, two links or one', async (t) => {
    const { type, mode, nlink } = await attributesOf(t, await newFolder(t, 'folder', { mode: 0o750 }));
    equal('attributes', [type, mode & PERMISSIONS], ['NFDIR', 0o750]);
    // btrfs counts no subdirectories: 1.
    check(nlink === 2 || nlink === 1, 'nlink 2 (or 1)', `${nlink}`);
  }),
  must('symlink', 'a symbolic link: its type, and the size of its text', async (t) => {
    const { type, size } = await attributesOf(t, await newLink(t, 'symlink', 'somewhere/else'));
    equal('attributes', [type, size], ['NFLNK', 14]);
  }),
  must('mode-has-type', 'mode has the type, too, as stat(2) has it', { clause: 'RFC 1094 §2.3.5' }, async (t) => {
    const kinds: [Buffer, number][] = [
      [await newFile(t), 0o100000],
      [await newFolder(t), 0o040000],
      [await newLink(t), 0o120000],
    ];
    for (const [object, format] of kinds) equal('type bits', (await attributesOf(t, object)).mode & FORMAT, format);
  }),
  must('owner', 'a file belongs to who made it', { needs: ['users'], clause: 'RFC 1094 §2.3.5' }, async (t) => {
    const { uid, gid } = await attributesOf(t, await newFile(t));
    equal('owner', { uid, gid }, { uid: ALICE.uid, gid: ALICE.gid });
  }),
  must('fileid-differs', 'two files have two fileids and one fsid', { clause: 'RFC 1094 §2.3.5' }, async (t) => {
    const [a, b] = [await attributesOf(t, await newFile(t, 'a')), await attributesOf(t, await newFile(t, 'b'))];
    check(a.fileid !== b.fileid, 'two fileids', `${a.fileid} for both`);
    equal('fsid', b.fsid, a.fsid);
  }),
  must('microseconds', 'times have fewer than a million microseconds', { clause: 'RFC 1094 §2.3.4' }, async (t) => {
    // Nanoseconds that were not divided would be fewer than a million once in a thousand times.
    for (const name of ['a', 'b', 'c', 'd']) {
      const { atime, mtime, ctime } = await attributesOf(t, await newFile(t, name));
      for (const { useconds } of [atime, mtime, ctime]) check(useconds < 1_000_000, 'less than 1000000', `${useconds}`);
      await t.tick();
    }
  }),
  should('times-are-now', "a new file's times are about now, and one as the other", async (t) => {
    const { atime, mtime, ctime } = await attributesOf(t, await newFile(t));
    const now = Date.now() / 1000;
    for (const { seconds } of [atime, mtime, ctime]) {
      check(Math.abs(seconds - now) < NOW_WITHIN_SECONDS, `about ${Math.round(now)} s`, `${seconds} s`);
    }
    check(Math.abs(mtime.seconds - ctime.seconds) <= 1, `mtime about ${ctime.seconds} s`, `${mtime.seconds} s`);
  }),
  must('stable', 'asked twice, nothing changed: the same answer', async (t) => {
    const file = await newFile(t, 'file', { data: 'some' });
    equal('attributes', await attributesOf(t, file), await attributesOf(t, file));
  }),
  must('size-follows', 'the size follows a WRITE at once', async (t) => {
    const file = await newFile(t);
    ok(await write(t, file, 'abc', 100));
    equal('size', (await attributesOf(t, file)).size, 103);
  }),
  must('nlink-follows', 'the number of links follows LINK and REMOVE', async (t) => {
    const dir = await t.folder2();
    const file = await newFile(t, 'one');
    ok(await nfs2(t).LINK({ from: file, to: { dir, name: 'two' } }));
    equal('nlink', (await attributesOf(t, file)).nlink, 2);
    ok(await nfs2(t).REMOVE({ dir, name: 'one' }));
    equal('nlink', (await attributesOf(t, file)).nlink, 1);
  }),
  should('blocks', 'what was written takes up blocks, and a block has a size', async (t) => {
    const { blocksize, blocks } = await attributesOf(t, await newFile(t, 'file', { data: Buffer.alloc(MAXDATA, 'x') }));
    check(blocksize > 0, 'a blocksize', '0');
    check(blocks > 0, 'blocks', '0');
  }),
  must('no-permission-needed', 'needs no permission on the object', { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { mode: 0 });
    equal('size', ok(await nfs2(t, BOB).GETATTR(file)).attributes.size, 0);
  }),
  linux('agrees-with-v3', 'NFSv3 tells the same of the same file', { clause: 'RFC 1813 §2.5' }, async (t) => {
    const old = await attributesOf(t, await newFile(t, 'file', { mode: 0o604, data: 'abc' }));
    const found = ok(await t.nfs.LOOKUP({ what: { dir: await t.folder(), name: 'file' } }));
    const { obj_attributes: now } = ok(await t.nfs.GETATTR({ object: found.object }));
    equal(
      'mode, nlink, uid, gid, size',
      [old.mode & PERMISSIONS, old.nlink, old.uid, old.gid, BigInt(old.size)],
      [now.mode, now.nlink, now.uid, now.gid, now.size],
    );
    const { seconds, nseconds } = now.mtime;
    equal('mtime', old.mtime, { seconds, useconds: Math.floor(nseconds / 1000) });
  }),
  must('stale-directory', 'a removed directory: NFSERR_STALE', { clause: 'RFC 1094 §2.3.1' }, async (t) => {
    fails(await nfs2(t).GETATTR(await staleFolder(t)), 'NFSERR_STALE');
  }),
  ...handleCases((t, file) => nfs2(t).GETATTR(file)),
]);
