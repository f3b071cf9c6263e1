import { cases, must } from '../case.ts';
import { check, equal, fails, ok } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import {
  ALICE,
  attributesOf,
  BOB,
  GARBAGE_HANDLE,
  NEVER_GIVEN,
  newFile,
  newFolder,
  newLink,
  staleHandle,
  writeAll,
} from './tools.ts';

const NOW_WITHIN_SECONDS = 24 * 3600;

export const GETATTR = cases({ program: NFS3, procedure: 'GETATTR', clause: 'RFC 1813 §3.3.1' }, [
  must('root', 'the export is a directory', async (t) => {
    equal('type', (await attributesOf(t.nfs, t.root)).type, 'NF3DIR');
  }),
  must('regular-file', 'a regular file: type, mode, size, one link', { clause: 'RFC 1813 §2.5' }, async (t) => {
    const file = await newFile(t, 'file', { mode: 0o640, data: 'twelve bytes' });
    const { type, mode, size, nlink } = await attributesOf(t.nfs, file);
    equal('attributes', { type, mode, size, nlink }, { type: 'NF3REG', mode: 0o640, size: 12n, nlink: 1 });
  }),
  must('owner', 'a file belongs to who made it', { needs: ['users'], clause: 'RFC 1813 §2.5' }, async (t) => {
    const { uid, gid } = await attributesOf(t.nfs, await newFile(t));
    equal('owner', { uid, gid }, { uid: ALICE.uid, gid: ALICE.gid });
  }),
  must('directory', 'a directory: type, mode, two links or one', { clause: 'RFC 1813 §2.5' }, async (t) => {
    const { type, mode, nlink } = await attributesOf(t.nfs, await newFolder(t, 'folder', { mode: 0o750 }));
    equal('attributes', { type, mode }, { type: 'NF3DIR', mode: 0o750 });
    // btrfs counts no subdirectories: 1.
    check(nlink === 2 || nlink === 1, 'nlink 2 (or 1)', `${nlink}`);
  }),
  must('symlink', 'a symbolic link: its type, and the size of its text', { clause: 'RFC 1813 §2.5' }, async (t) => {
    const { type, size } = await attributesOf(t.nfs, await newLink(t, 'symlink', 'somewhere/else'));
    equal('attributes', { type, size }, { type: 'NF3LNK', size: 14n });
  }),
  must('type-bits', 'mode has permission bits alone, not the type', { clause: 'RFC 1813 §2.5' }, async (t) => {
    const { mode } = await attributesOf(t.nfs, await t.folder());
    equal('bits above 07777', mode & ~0o7777, 0);
  }),
  must('fileid-differs', 'two files have two fileids and one fsid', { clause: 'RFC 1813 §2.5' }, async (t) => {
    const a = await attributesOf(t.nfs, await newFile(t, 'a'));
    const b = await attributesOf(t.nfs, await newFile(t, 'b'));
    check(a.fileid !== b.fileid, 'two fileids', `${a.fileid} for both`);
    equal('fsid', b.fsid, a.fsid);
  }),
  must('stable', 'asked twice, nothing changed: the same answer', async (t) => {
    const file = await newFile(t, 'file', { data: 'some' });
    equal('attributes', await attributesOf(t.nfs, file), await attributesOf(t.nfs, file));
  }),
  must('size-follows', 'the size follows a WRITE at once', async (t) => {
    const file = await newFile(t);
    await writeAll(t.nfs, file, 'abc');
    equal('size', (await attributesOf(t.nfs, file)).size, 3n);
    await writeAll(t.nfs, file, 'def', 100n);
    equal('size', (await attributesOf(t.nfs, file)).size, 103n);
  }),
  must('times', 'the times of a new file are about now, and in nanoseconds', async (t) => {
    const { atime, mtime, ctime } = await attributesOf(t.nfs, await newFile(t));
    for (const { seconds, nseconds } of [atime, mtime, ctime]) {
      const apart = Math.abs(seconds - Date.now() / 1000);
      check(apart < NOW_WITHIN_SECONDS, 'a time of today', `${seconds} s`);
      check(nseconds < 1e9, 'fewer than 10^9 nanoseconds', `${nseconds}`);
    }
  }),
  must('no-permission-needed', 'needs no permission on the object', { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { mode: 0 });
    equal('mode', (await attributesOf(t.as(BOB), file)).mode, 0);
  }),
  must('stale', 'a removed file: NFS3ERR_STALE', { clause: 'RFC 1813 §2.6' }, async (t) => {
    fails(await t.nfs.GETATTR({ object: await staleHandle(t) }), 'NFS3ERR_STALE');
  }),
  must('garbage-handle', 'a handle of no server: NFS3ERR_BADHANDLE', { clause: 'RFC 1813 §2.6' }, async (t) => {
    fails(await t.nfs.GETATTR({ object: GARBAGE_HANDLE }), ...NEVER_GIVEN);
  }),
  must('empty-handle', 'a handle of no bytes: an error, not a crash', { clause: 'RFC 1813 §2.4' }, async (t) => {
    fails(await t.nfs.GETATTR({ object: Buffer.alloc(0) }), ...NEVER_GIVEN);
    ok(await t.nfs.GETATTR({ object: t.root }));
  }),
]);
