import { cases, must } from '../case.ts';
import { equal, fails, ok } from '../expect.ts';
import { NFS2 } from '../programs/nfs2.ts';
import { changeCases, directoryCases } from './common.ts';
import { attributesOf, BOB, isRefused, namesIn, newFile, newFolder, newLink, nfs2, statusOfName } from './tools.ts';

export const RMDIR = cases({ program: NFS2, procedure: 'RMDIR', clause: 'RFC 1094 §2.2.16' }, [
  must('empty', 'an empty directory: the name goes, its handle is stale', async (t) => {
    const dir = await t.folder2();
    const folder = await newFolder(t);
    ok(await nfs2(t).RMDIR({ dir, name: 'folder' }));
    equal('LOOKUP', await statusOfName(t, dir, 'folder'), 'NFSERR_NOENT');
    fails(await nfs2(t).LOOKUP({ dir: folder, name: 'any' }), 'NFSERR_STALE');
  }),
  must('not-empty', 'a directory with a file: NFSERR_NOTEMPTY, both stay', { clause: 'RFC 1094 §2.3.1' }, async (t) => {
    const dir = await newFolder(t);
    await newFile(t, 'inside', { dir });
    fails(await nfs2(t).RMDIR({ dir: await t.folder2(), name: 'folder' }), 'NFSERR_NOTEMPTY', 'NFSERR_EXIST');
    equal('names inside', await namesIn(t, dir, 'inside'), ['inside']);
  }),
  must('missing-name', 'a name that is not there: NFSERR_NOENT', async (t) => {
    fails(await nfs2(t).RMDIR({ dir: await t.folder2(), name: 'nobody' }), 'NFSERR_NOENT');
  }),
  must('file', 'a regular file: NFSERR_NOTDIR, and it stays', { clause: 'RFC 1094 §2.3.1' }, async (t) => {
    const dir = await t.folder2();
    await newFile(t);
    fails(await nfs2(t).RMDIR({ dir, name: 'file' }), 'NFSERR_NOTDIR');
    equal('names', await namesIn(t, dir, 'file'), ['file']);
  }),
  must('symlink', 'a symbolic link to an empty directory: NFSERR_NOTDIR, both stay', async (t) => {
    const dir = await t.folder2();
    await newFolder(t, 'real');
    await newLink(t, 'symlink', 'real');
    fails(await nfs2(t).RMDIR({ dir, name: 'symlink' }), 'NFSERR_NOTDIR');
    equal('names', await namesIn(t, dir, 'symlink', 'real'), ['symlink', 'real']);
  }),
  must(
    'no-write-permission',
    'without write permission: NFSERR_ACCES, and it stays',
    { needs: ['users'] },
    async (t) => {
      const dir = await newFolder(t, 'closed', { mode: 0o755 });
      await newFolder(t, 'inside', { dir });
      fails(await nfs2(t, BOB).RMDIR({ dir, name: 'inside' }), 'NFSERR_ACCES');
      equal('names', await namesIn(t, dir, 'inside'), ['inside']);
    },
  ),
  must('dot-names', '"." and "..": an error', { clause: 'RFC 1094 §3.2' }, async (t) => {
    const dir = await newFolder(t);
    for (const name of ['.', '..']) await isRefused(`"${name}"`, nfs2(t).RMDIR({ dir, name }));
    equal('names', await namesIn(t, await t.folder2(), 'folder'), ['folder']);
  }),
  must('slash-in-name', 'a name with a slash removes nothing elsewhere', { clause: 'RFC 1094 §3.2' }, async (t) => {
    await newFolder(t, 'above');
    await isRefused('a slash', nfs2(t).RMDIR({ dir: await newFolder(t), name: '../above' }));
    equal('names', await namesIn(t, await t.folder2(), 'above'), ['above']);
  }),
  must('parent-links', 'the directory above loses a link (or has 1)', { clause: 'RFC 1094 §2.3.5' }, async (t) => {
    const dir = await t.folder2();
    await newFolder(t);
    const before = (await attributesOf(t, dir)).nlink;
    ok(await nfs2(t).RMDIR({ dir, name: 'folder' }));
    // btrfs counts no subdirectories.
    equal('nlink', (await attributesOf(t, dir)).nlink, before === 1 ? 1 : before - 1);
  }),
  ...changeCases(
    (t, dir) => nfs2(t).RMDIR({ dir, name: 'folder' }),
    (t, dir) => newFolder(t, 'folder', { dir }),
  ),
  ...directoryCases((t, dir, name) => nfs2(t).RMDIR({ dir, name })),
]);
