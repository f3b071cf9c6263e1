import { cases, linux, must } from '../case.ts';
import { equal, fails, ok } from '../expect.ts';
import { NFS2 } from '../programs/nfs2.ts';
import { changeCases, directoryCases } from './common.ts';
import {
  attributesOf,
  BOB,
  isRefused,
  namesIn,
  newFile,
  newFolder,
  newLink,
  nfs2,
  read,
  statusOfName,
} from './tools.ts';

export const REMOVE = cases({ program: NFS2, procedure: 'REMOVE', clause: 'RFC 1094 §2.2.11' }, [
  must('file', 'a file: the name goes, its handle is stale', async (t) => {
    const dir = await t.folder2();
    const file = await newFile(t);
    ok(await nfs2(t).REMOVE({ dir, name: 'file' }));
    equal('LOOKUP', await statusOfName(t, dir, 'file'), 'NFSERR_NOENT');
    fails(await read(t, file), 'NFSERR_STALE');
  }),
  must('one-of-two-links', 'one of two names: the other stays, with nlink 1', async (t) => {
    const dir = await t.folder2();
    const file = await newFile(t, 'one');
    ok(await nfs2(t).LINK({ from: file, to: { dir, name: 'two' } }));
    ok(await nfs2(t).REMOVE({ dir, name: 'one' }));
    equal('names', await namesIn(t, dir, 'one', 'two'), ['two']);
    equal('nlink', (await attributesOf(t, file)).nlink, 1);
  }),
  must('symlink', 'a symbolic link: not its target', async (t) => {
    const dir = await t.folder2();
    await newFile(t, 'target');
    await newLink(t, 'symlink', 'target');
    ok(await nfs2(t).REMOVE({ dir, name: 'symlink' }));
    equal('names', await namesIn(t, dir, 'symlink', 'target'), ['target']);
  }),
  must('missing-name', 'a name that is not there: NFSERR_NOENT', async (t) => {
    fails(await nfs2(t).REMOVE({ dir: await t.folder2(), name: 'nobody' }), 'NFSERR_NOENT');
  }),
  linux('directory', 'a directory: an error, and it stays', { clause: 'unlink(2)' }, async (t) => {
    const dir = await t.folder2();
    await newFolder(t);
    fails(await nfs2(t).REMOVE({ dir, name: 'folder' }), 'NFSERR_ISDIR', 'NFSERR_PERM', 'NFSERR_ACCES');
    equal('names', await namesIn(t, dir, 'folder'), ['folder']);
  }),
  must(
    'no-write-permission',
    'without write permission: NFSERR_ACCES, and it stays',
    { needs: ['users'] },
    async (t) => {
      const dir = await newFolder(t, 'closed', { mode: 0o755 });
      await newFile(t, 'file', { dir, mode: 0o666 });
      fails(await nfs2(t, BOB).REMOVE({ dir, name: 'file' }), 'NFSERR_ACCES');
      equal('names', await namesIn(t, dir, 'file'), ['file']);
    },
  ),
  linux(
    'sticky',
    "another's file in a sticky directory: it stays",
    { needs: ['users'], clause: 'unlink(2)' },
    async (t) => {
      const dir = await newFolder(t, 'sticky', { mode: 0o1777 });
      await newFile(t, 'hers', { dir });
      fails(await nfs2(t, BOB).REMOVE({ dir, name: 'hers' }), 'NFSERR_PERM', 'NFSERR_ACCES');
      equal('names', await namesIn(t, dir, 'hers'), ['hers']);
    },
  ),
  must('slash-in-name', 'a name with a slash removes nothing elsewhere', { clause: 'RFC 1094 §3.2' }, async (t) => {
    await newFile(t, 'above');
    await isRefused('a slash', nfs2(t).REMOVE({ dir: await newFolder(t), name: '../above' }));
    equal('names', await namesIn(t, await t.folder2(), 'above'), ['above']);
  }),
  must('dot-names', '"." and "..": an error', { clause: 'RFC 1094 §3.2' }, async (t) => {
    const dir = await newFolder(t);
    for (const name of ['.', '..']) await isRefused(`"${name}"`, nfs2(t).REMOVE({ dir, name }));
    equal('names', await namesIn(t, await t.folder2(), 'folder'), ['folder']);
  }),
  ...changeCases(
    (t, dir) => nfs2(t).REMOVE({ dir, name: 'file' }),
    (t, dir) => newFile(t, 'file', { dir }),
  ),
  ...directoryCases((t, dir, name) => nfs2(t).REMOVE({ dir, name })),
]);
