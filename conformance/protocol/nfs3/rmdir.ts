import { cases, linux, must } from '../case.ts';
import { check, equal, fails, ok } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { changeCases, directoryCases } from './common.ts';
import {
  around,
  attributesOf,
  BOB,
  handleOf,
  newFile,
  newFolder,
  newLink,
  statusOfName,
  wccTellsTruth,
} from './tools.ts';

export const RMDIR = cases({ program: NFS3, procedure: 'RMDIR', clause: 'RFC 1813 §3.3.13' }, [
  must('empty', 'an empty directory: its name is gone', async (t) => {
    const dir = await t.folder();
    await newFolder(t, 'folder');
    ok(await t.nfs.RMDIR({ object: { dir, name: 'folder' } }));
    equal('LOOKUP', await statusOfName(t.nfs, dir, 'folder'), 'NFS3ERR_NOENT');
  }),
  must('handle-stale', 'its handle is stale', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const object = await newFolder(t, 'folder');
    ok(await t.nfs.RMDIR({ object: { dir: await t.folder(), name: 'folder' } }));
    fails(await t.nfs.GETATTR({ object }), 'NFS3ERR_STALE');
  }),
  must('not-empty', 'a directory with a file in it: NFS3ERR_NOTEMPTY, and it stays', async (t) => {
    const dir = await t.folder();
    await newFile(t, 'inside', { dir: await newFolder(t, 'folder') });
    fails(await t.nfs.RMDIR({ object: { dir, name: 'folder' } }), 'NFS3ERR_NOTEMPTY', 'NFS3ERR_EXIST');
    equal('LOOKUP', await statusOfName(t.nfs, await handleOf(t.nfs, dir, 'folder'), 'inside'), 'NFS3_OK');
  }),
  must('file', 'a file: NFS3ERR_NOTDIR, and it stays', async (t) => {
    const dir = await t.folder();
    await newFile(t);
    fails(await t.nfs.RMDIR({ object: { dir, name: 'file' } }), 'NFS3ERR_NOTDIR');
    equal('LOOKUP', await statusOfName(t.nfs, dir, 'file'), 'NFS3_OK');
  }),
  must('symlink', 'a symbolic link to a directory: NFS3ERR_NOTDIR, both stay', async (t) => {
    const dir = await t.folder();
    await newFolder(t, 'folder');
    await newLink(t, 'symlink', 'folder');
    fails(await t.nfs.RMDIR({ object: { dir, name: 'symlink' } }), 'NFS3ERR_NOTDIR');
    equal('LOOKUP of the directory', await statusOfName(t.nfs, dir, 'folder'), 'NFS3_OK');
  }),
  must('missing-name', 'a name that is not there: NFS3ERR_NOENT', async (t) => {
    fails(await t.nfs.RMDIR({ object: { dir: await t.folder(), name: 'nobody' } }), 'NFS3ERR_NOENT');
  }),
  must('dot', '".": NFS3ERR_INVAL', async (t) => {
    const dir = await newFolder(t);
    fails(await t.nfs.RMDIR({ object: { dir, name: '.' } }), 'NFS3ERR_INVAL');
    equal('type', (await attributesOf(t.nfs, dir)).type, 'NF3DIR');
  }),
  must('dot-dot', '"..": NFS3ERR_EXIST', async (t) => {
    const dir = await newFolder(t);
    // §3.3.13 knows EXIST for it; rmdir(2) says ENOTEMPTY, and some servers INVAL.
    const removed = await t.nfs.RMDIR({ object: { dir, name: '..' } });
    fails(removed, 'NFS3ERR_EXIST', 'NFS3ERR_NOTEMPTY', 'NFS3ERR_INVAL');
  }),
  must('parent-links', 'the directory above has a link less (or keeps 1)', { clause: 'RFC 1813 §2.5' }, async (t) => {
    const dir = await t.folder();
    await newFolder(t, 'folder');
    const before = await attributesOf(t.nfs, dir);
    ok(await t.nfs.RMDIR({ object: { dir, name: 'folder' } }));
    const { nlink } = await attributesOf(t.nfs, dir);
    check(nlink === before.nlink - 1 || nlink === 1, `nlink ${before.nlink - 1}`, `${nlink}`);
  }),
  must('no-write-permission', 'without write permission: NFS3ERR_ACCES', { needs: ['users'] }, async (t) => {
    const dir = await newFolder(t, 'folder', { mode: 0o755 });
    await newFolder(t, 'inside', { dir, mode: 0o777 });
    fails(await t.as(BOB).RMDIR({ object: { dir, name: 'inside' } }), 'NFS3ERR_ACCES');
    equal('LOOKUP', await statusOfName(t.nfs, dir, 'inside'), 'NFS3_OK');
  }),
  linux(
    'sticky-directory',
    "another's directory in a sticky one: NFS3ERR_PERM or NFS3ERR_ACCES, and it stays",
    { needs: ['users'], clause: 'rmdir(2)' },
    async (t) => {
      const dir = await newFolder(t, 'sticky', { mode: 0o1777 });
      await newFolder(t, 'inside', { dir, mode: 0o777 });
      fails(await t.as(BOB).RMDIR({ object: { dir, name: 'inside' } }), 'NFS3ERR_PERM', 'NFS3ERR_ACCES');
      equal('LOOKUP', await statusOfName(t.nfs, dir, 'inside'), 'NFS3_OK');
    },
  ),
  must('wcc-true-on-failure', 'dir_wcc tells the truth when it fails', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const dir = await t.folder();
    const { before, after, result } = await around(t, dir, () => t.nfs.RMDIR({ object: { dir, name: 'nobody' } }));
    wccTellsTruth(fails(result, 'NFS3ERR_NOENT').dir_wcc, before, after);
  }),
  ...changeCases(
    (t, dir) => t.nfs.RMDIR({ object: { dir, name: 'folder' } }),
    (t) => newFolder(t, 'folder'),
  ),
  ...directoryCases((t, dir, name) => t.nfs.RMDIR({ object: { dir, name } })),
]);
