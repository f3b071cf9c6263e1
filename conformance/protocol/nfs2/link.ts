import { cases, linux, must } from '../case.ts';
import { equal, fails, ok } from '../expect.ts';
import { NFS2 } from '../programs/nfs2.ts';
import { handleCases, makingCases } from './common.ts';
import {
  around,
  attributesOf,
  contentOf,
  handleOf,
  movedOn,
  namesIn,
  newFile,
  newFolder,
  newLink,
  nfs2,
  stayed,
} from './tools.ts';

export const LINK = cases({ program: NFS2, procedure: 'LINK', clause: 'RFC 1094 §2.2.13' }, [
  must('file', 'a second name of the same file', async (t) => {
    const dir = await t.folder2();
    const from = await newFile(t, 'one', { data: 'abc' });
    ok(await nfs2(t).LINK({ from, to: { dir, name: 'two' } }));
    const two = await handleOf(t, dir, 'two');
    const [a, b] = [await attributesOf(t, from), await attributesOf(t, two)];
    equal('fileid and nlink', [b.fileid, b.nlink], [a.fileid, 2]);
    equal('content', (await contentOf(t, two)).toString(), 'abc');
  }),
  must('in-other-directory', 'in another directory: it outlives the first name', async (t) => {
    const from = await newFile(t, 'one', { data: 'abc' });
    const dir = await newFolder(t);
    ok(await nfs2(t).LINK({ from, to: { dir, name: 'two' } }));
    ok(await nfs2(t).REMOVE({ dir: await t.folder2(), name: 'one' }));
    equal('content', (await contentOf(t, await handleOf(t, dir, 'two'))).toString(), 'abc');
  }),
  must('ctime', "the file's ctime moves on, its mtime stays", { clause: 'RFC 1094 §2.3.5' }, async (t) => {
    const from = await newFile(t);
    const dir = await t.folder2();
    const { before, after } = await around(t, from, async () =>
      ok(await nfs2(t).LINK({ from, to: { dir, name: 'two' } })),
    );
    movedOn('ctime', before, after);
    stayed('mtime', before, after);
  }),
  must('directory', 'a directory: an error, and it has no second name', async (t) => {
    const dir = await t.folder2();
    const refused = await nfs2(t).LINK({ from: await newFolder(t), to: { dir, name: 'two' } });
    fails(refused, 'NFSERR_ISDIR', 'NFSERR_PERM', 'NFSERR_ACCES');
    equal('names', await namesIn(t, dir, 'two'), []);
  }),
  linux('symlink', 'a symbolic link: the link itself', { clause: 'link(2) on Linux' }, async (t) => {
    const dir = await t.folder2();
    ok(await nfs2(t).LINK({ from: await newLink(t), to: { dir, name: 'two' } }));
    equal('type', (await attributesOf(t, await handleOf(t, dir, 'two'))).type, 'NFLNK');
  }),
  ...handleCases(async (t, from) => nfs2(t).LINK({ from, to: { dir: await t.folder2(), name: 'new' } })).map(
    ({ name, ...draft }) => ({ ...draft, name: `${name}-of-file` }),
  ),
  ...makingCases(async (t, dir, name, user) => {
    // Linux lets nobody link to a file of others that they may not write (fs.protected_hardlinks).
    const from = await newFile(t, 'source', { mode: 0o666 });
    return nfs2(t, user).LINK({ from, to: { dir, name } });
  }),
]);
