import { cases, linux, must, should } from '../case.ts';
import { check, equal, fails, ok } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import {
  around,
  attributesOf,
  BOB,
  CAROL,
  contentOf,
  GARBAGE_HANDLE,
  handleOf,
  movedOn,
  NEVER_GIVEN,
  newFile,
  newFolder,
  newLink,
  staleFolder,
  statusOfName,
  TOO_LONG,
  wccIsTold,
  wccTellsTruth,
} from './tools.ts';

export const REMOVE = cases({ program: NFS3, procedure: 'REMOVE', clause: 'RFC 1813 §3.3.12' }, [
  must('file', 'a file: its name is gone', async (t) => {
    const dir = await t.folder();
    await newFile(t);
    ok(await t.nfs.REMOVE({ object: { dir, name: 'file' } }));
    equal('LOOKUP', await statusOfName(t.nfs, dir, 'file'), 'NFS3ERR_NOENT');
  }),
  must('last-link-stale', 'the last link: the handle is stale', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const file = await newFile(t);
    ok(await t.nfs.REMOVE({ object: { dir: await t.folder(), name: 'file' } }));
    fails(await t.nfs.READ({ file, offset: 0n, count: 1 }), 'NFS3ERR_STALE');
  }),
  must('one-of-two-links', 'one of two links: nlink falls, ctime moves on, the other works', async (t) => {
    const dir = await t.folder();
    const file = await newFile(t, 'one', { data: 'kept' });
    ok(await t.nfs.LINK({ file, link: { dir, name: 'two' } }));
    const { before, after } = await around(t, file, async () =>
      ok(await t.nfs.REMOVE({ object: { dir, name: 'one' } })),
    );
    equal('nlink', [before.nlink, after.nlink], [2, 1]);
    movedOn('ctime', before, after);
    equal('content', (await contentOf(t.nfs, await handleOf(t.nfs, dir, 'two'))).toString(), 'kept');
  }),
  must('symlink', 'a symbolic link: the link goes, its target stays', async (t) => {
    const dir = await t.folder();
    await newFile(t, 'target');
    await newLink(t, 'symlink', 'target');
    ok(await t.nfs.REMOVE({ object: { dir, name: 'symlink' } }));
    equal('LOOKUP of the link', await statusOfName(t.nfs, dir, 'symlink'), 'NFS3ERR_NOENT');
    equal('LOOKUP of the target', await statusOfName(t.nfs, dir, 'target'), 'NFS3_OK');
  }),
  must('missing-name', 'a name that is not there: NFS3ERR_NOENT', async (t) => {
    fails(await t.nfs.REMOVE({ object: { dir: await t.folder(), name: 'nobody' } }), 'NFS3ERR_NOENT');
  }),
  linux(
    'directory',
    'a directory: NFS3ERR_ISDIR (or PERM), and it stays',
    { clause: 'unlink(2); RFC 1813 §3.3.12 leaves it to the server' },
    async (t) => {
      const dir = await t.folder();
      await newFolder(t, 'folder');
      fails(await t.nfs.REMOVE({ object: { dir, name: 'folder' } }), 'NFS3ERR_ISDIR', 'NFS3ERR_PERM');
      equal('LOOKUP', await statusOfName(t.nfs, dir, 'folder'), 'NFS3_OK');
    },
  ),
  must('full-directory', 'a directory with files in it is not lost', async (t) => {
    const dir = await t.folder();
    await newFile(t, 'inside', { dir: await newFolder(t, 'folder') });
    const { status } = await t.nfs.REMOVE({ object: { dir, name: 'folder' } });
    check(status !== 'NFS3_OK', 'an error', status);
    equal('LOOKUP', await statusOfName(t.nfs, await handleOf(t.nfs, dir, 'folder'), 'inside'), 'NFS3_OK');
  }),
  must('in-a-file', 'in a regular file: NFS3ERR_NOTDIR', async (t) => {
    fails(await t.nfs.REMOVE({ object: { dir: await newFile(t), name: 'any' } }), 'NFS3ERR_NOTDIR');
  }),
  must(
    'no-write-permission',
    'without write permission: NFS3ERR_ACCES, and it stays',
    { needs: ['users'] },
    async (t) => {
      const dir = await newFolder(t, 'folder', { mode: 0o755 });
      await newFile(t, 'inside', { dir });
      fails(await t.as(BOB).REMOVE({ object: { dir, name: 'inside' } }), 'NFS3ERR_ACCES');
      equal('LOOKUP', await statusOfName(t.nfs, dir, 'inside'), 'NFS3_OK');
    },
  ),
  must(
    'group-permission',
    'a supplementary group counts',
    { needs: ['users'], clause: 'RFC 5531 Appendix A' },
    async (t) => {
      const dir = await newFolder(t, 'folder', { mode: 0o770 });
      await newFile(t, 'inside', { dir });
      ok(await t.as(CAROL).REMOVE({ object: { dir, name: 'inside' } }));
    },
  ),
  linux(
    'sticky-directory',
    "another's file in a sticky directory: NFS3ERR_PERM or NFS3ERR_ACCES, and it stays",
    { needs: ['users'], clause: 'unlink(2)' },
    async (t) => {
      const dir = await newFolder(t, 'sticky', { mode: 0o1777 });
      await newFile(t, 'inside', { dir });
      fails(await t.as(BOB).REMOVE({ object: { dir, name: 'inside' } }), 'NFS3ERR_PERM', 'NFS3ERR_ACCES');
      equal('LOOKUP', await statusOfName(t.nfs, dir, 'inside'), 'NFS3_OK');
    },
  ),
  must('wcc-true', 'dir_wcc tells the truth', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const dir = await t.folder();
    await newFile(t);
    const removed = await around(t, dir, () => t.nfs.REMOVE({ object: { dir, name: 'file' } }));
    wccTellsTruth(ok(removed.result).dir_wcc, removed.before, removed.after);
  }),
  should('wcc-told', 'both halves of dir_wcc come with it', { clause: 'RFC 1813 §2.6' }, async (t) => {
    await newFile(t);
    wccIsTold(ok(await t.nfs.REMOVE({ object: { dir: await t.folder(), name: 'file' } })).dir_wcc);
  }),
  must('wcc-true-on-failure', 'dir_wcc tells the truth when it fails', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const dir = await t.folder();
    const removed = await around(t, dir, () => t.nfs.REMOVE({ object: { dir, name: 'nobody' } }));
    wccTellsTruth(fails(removed.result, 'NFS3ERR_NOENT').dir_wcc, removed.before, removed.after);
  }),
  must('directory-times', "the directory's mtime and ctime move on", { clause: 'RFC 1813 §2.5' }, async (t) => {
    const dir = await t.folder();
    await newFile(t);
    const { before, after } = await around(t, dir, () => t.nfs.REMOVE({ object: { dir, name: 'file' } }));
    movedOn('mtime', before, after);
    movedOn('ctime', before, after);
  }),
  must('dot-names', '"." and "..": an error', { clause: 'RFC 1813 §3.2' }, async (t) => {
    const dir = await newFolder(t);
    for (const name of ['.', '..']) {
      const { status } = await t.nfs.REMOVE({ object: { dir, name } });
      check(status !== 'NFS3_OK', `an error for "${name}"`, status);
    }
    equal('type', (await attributesOf(t.nfs, dir)).type, 'NF3DIR');
  }),
  must('name-too-long', 'a name of 300 bytes: NFS3ERR_NAMETOOLONG', async (t) => {
    fails(await t.nfs.REMOVE({ object: { dir: await t.folder(), name: TOO_LONG } }), 'NFS3ERR_NAMETOOLONG');
  }),
  must('slash-in-name', 'a name with a slash removes nothing elsewhere', { clause: 'RFC 1813 §3.2' }, async (t) => {
    await newFile(t, 'above');
    const { status } = await t.nfs.REMOVE({ object: { dir: await newFolder(t), name: '../above' } });
    check(status !== 'NFS3_OK', 'an error', status);
    equal('LOOKUP above', await statusOfName(t.nfs, await t.folder(), 'above'), 'NFS3_OK');
  }),
  must('stale-directory', 'in a removed directory: NFS3ERR_STALE', { clause: 'RFC 1813 §2.6' }, async (t) => {
    fails(await t.nfs.REMOVE({ object: { dir: await staleFolder(t), name: 'any' } }), 'NFS3ERR_STALE');
  }),
  must('garbage-handle', 'in a handle of no server: NFS3ERR_BADHANDLE', { clause: 'RFC 1813 §2.6' }, async (t) => {
    fails(await t.nfs.REMOVE({ object: { dir: GARBAGE_HANDLE, name: 'any' } }), ...NEVER_GIVEN);
  }),
]);
