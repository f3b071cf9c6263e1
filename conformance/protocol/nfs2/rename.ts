import { cases, linux, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { equal, fails, ok } from '../expect.ts';
import { NFS2 } from '../programs/nfs2.ts';
import type { User } from '../rpc/client.ts';
import { directoryCases } from './common.ts';
import {
  around,
  attributesOf,
  BOB,
  contentOf,
  handleOf,
  isRefused,
  makesNoSense,
  movedOn,
  namesIn,
  newFile,
  newFolder,
  newLink,
  nfs2,
} from './tools.ts';

interface Move {
  readonly user?: User;
  readonly from?: Buffer;
  readonly to?: Buffer;
}

/** RENAME; in the case's folder unless directories are named. */
async function move(t: Context, name: string, newName: string, { user, from, to }: Move = {}) {
  const dir = await t.folder2();
  return nfs2(t, user).RENAME({ from: { dir: from ?? dir, name }, to: { dir: to ?? dir, name: newName } });
}

export const RENAME = cases({ program: NFS2, procedure: 'RENAME', clause: 'RFC 1094 §2.2.12' }, [
  must('file', 'a file: the old name goes, the new one is the same file', async (t) => {
    const dir = await t.folder2();
    const file = await newFile(t, 'old', { data: 'abc' });
    const { fileid } = await attributesOf(t, file);
    ok(await move(t, 'old', 'new'));
    equal('names', await namesIn(t, dir, 'old', 'new'), ['new']);
    equal('fileid', (await attributesOf(t, await handleOf(t, dir, 'new'))).fileid, fileid);
    equal('content by the old handle', (await contentOf(t, file)).toString(), 'abc');
  }),
  must('across-directories', 'into another directory: the same file, and the handle works on', async (t) => {
    const file = await newFile(t, 'old', { data: 'abc' });
    const to = await newFolder(t);
    ok(await move(t, 'old', 'new', { to }));
    equal('names', await namesIn(t, await t.folder2(), 'old'), []);
    equal('content', (await contentOf(t, await handleOf(t, to, 'new'))).toString(), 'abc');
    equal('content by the old handle', (await contentOf(t, file)).toString(), 'abc');
  }),
  must('replaces-file', 'onto a file: it is replaced, its handle stale', async (t) => {
    const file = await newFile(t, 'old', { data: 'new content' });
    const replaced = await newFile(t, 'new', { data: 'old content' });
    ok(await move(t, 'old', 'new'));
    equal('content', (await contentOf(t, await handleOf(t, await t.folder2(), 'new'))).toString(), 'new content');
    equal('content by the old handle', (await contentOf(t, file)).toString(), 'new content');
    fails(await nfs2(t).GETATTR(replaced), 'NFSERR_STALE');
  }),
  must('replaces-link', 'onto one of two links: the other stays, with nlink 1', async (t) => {
    const dir = await t.folder2();
    const other = await newFile(t, 'new');
    ok(await nfs2(t).LINK({ from: other, to: { dir, name: 'second' } }));
    await newFile(t, 'old');
    ok(await move(t, 'old', 'new'));
    equal('nlink', (await attributesOf(t, other)).nlink, 1);
  }),
  linux(
    'replaces-empty-directory',
    'a directory onto an empty one: it is replaced',
    { clause: 'rename(2)' },
    async (t) => {
      const { fileid } = await attributesOf(t, await newFolder(t, 'old'));
      await newFolder(t, 'new');
      ok(await move(t, 'old', 'new'));
      equal('fileid', (await attributesOf(t, await handleOf(t, await t.folder2(), 'new'))).fileid, fileid);
    },
  ),
  must('onto-full-directory', 'a directory onto one with files: NFSERR_NOTEMPTY, both stay', async (t) => {
    const dir = await t.folder2();
    await newFolder(t, 'old');
    const full = await newFolder(t, 'new');
    await newFile(t, 'inside', { dir: full });
    fails(await move(t, 'old', 'new'), 'NFSERR_NOTEMPTY', 'NFSERR_EXIST');
    equal('names', await namesIn(t, dir, 'old', 'new'), ['old', 'new']);
    equal('names inside', await namesIn(t, full, 'inside'), ['inside']);
  }),
  must('file-onto-directory', 'a file onto a directory: NFSERR_EXIST or NFSERR_ISDIR, both stay', async (t) => {
    await newFile(t, 'old');
    await newFolder(t, 'new');
    fails(await move(t, 'old', 'new'), 'NFSERR_EXIST', 'NFSERR_ISDIR');
    equal('names', await namesIn(t, await t.folder2(), 'old', 'new'), ['old', 'new']);
  }),
  must('directory-onto-file', 'a directory onto a file: NFSERR_EXIST or NFSERR_NOTDIR, both stay', async (t) => {
    await newFolder(t, 'old');
    await newFile(t, 'new');
    fails(await move(t, 'old', 'new'), 'NFSERR_EXIST', 'NFSERR_NOTDIR');
    equal('names', await namesIn(t, await t.folder2(), 'old', 'new'), ['old', 'new']);
  }),
  must('onto-itself', 'onto its own name: success, and it stays', async (t) => {
    const file = await newFile(t, 'same', { data: 'abc' });
    ok(await move(t, 'same', 'same'));
    equal('names', await namesIn(t, await t.folder2(), 'same'), ['same']);
    equal('content', (await contentOf(t, file)).toString(), 'abc');
  }),
  must('symlink-itself', 'a symbolic link: the link, not its target', { clause: 'RFC 1094 §3.2' }, async (t) => {
    const dir = await t.folder2();
    await newFile(t, 'target');
    await newLink(t, 'old', 'target');
    ok(await move(t, 'old', 'new'));
    equal('names', await namesIn(t, dir, 'old', 'new', 'target'), ['new', 'target']);
    equal('type', (await attributesOf(t, await handleOf(t, dir, 'new'))).type, 'NFLNK');
  }),
  must('missing-name', 'a name that is not there: NFSERR_NOENT', async (t) => {
    await newFile(t, 'new');
    fails(await move(t, 'nobody', 'new'), 'NFSERR_NOENT');
    equal('names', await namesIn(t, await t.folder2(), 'new'), ['new']);
  }),
  must('cycle', 'a directory into one below it: an error, and it stays', async (t) => {
    const outer = await newFolder(t, 'outer');
    const to = await newFolder(t, 'inner', { dir: outer });
    makesNoSense(await move(t, 'outer', 'x', { to }));
    equal('names', await namesIn(t, await t.folder2(), 'outer'), ['outer']);
  }),
  must('dot-names', '"." and ".." on either side: an error', { clause: 'RFC 1094 §3.2' }, async (t) => {
    await newFile(t, 'file');
    const from = await newFolder(t);
    for (const name of ['.', '..']) {
      await isRefused(`"${name}" as the old name`, move(t, name, 'x', { from }));
      await isRefused(`"${name}" as the new name`, move(t, 'file', name));
    }
    equal('names', await namesIn(t, await t.folder2(), 'file', 'folder'), ['file', 'folder']);
  }),
  must('slash-in-name', 'a new name with a slash makes nothing elsewhere', { clause: 'RFC 1094 §3.2' }, async (t) => {
    await newFile(t, 'file');
    await isRefused('a slash', move(t, 'file', '../escaped', { to: await newFolder(t) }));
    equal('names', await namesIn(t, await t.folder2(), 'file', 'escaped'), ['file']);
  }),
  must('dot-dot-follows', 'a moved directory has its new parent for ".."', { clause: 'RFC 1094 §3.2' }, async (t) => {
    await newFolder(t, 'moved');
    const to = await newFolder(t, 'parent');
    ok(await move(t, 'moved', 'moved', { to }));
    const up = await handleOf(t, await handleOf(t, to, 'moved'), '..');
    equal('fileid', (await attributesOf(t, up)).fileid, (await attributesOf(t, to)).fileid);
  }),
  must('no-permission-from', 'without write permission where it is: NFSERR_ACCES', { needs: ['users'] }, async (t) => {
    const from = await newFolder(t, 'closed', { mode: 0o755 });
    await newFile(t, 'file', { dir: from });
    fails(await move(t, 'file', 'new', { from, user: BOB }), 'NFSERR_ACCES');
    equal('names', await namesIn(t, from, 'file'), ['file']);
  }),
  must('no-permission-to', 'without write permission where it goes: NFSERR_ACCES', { needs: ['users'] }, async (t) => {
    const to = await newFolder(t, 'closed', { mode: 0o755 });
    await newFile(t, 'file');
    fails(await move(t, 'file', 'new', { to, user: BOB }), 'NFSERR_ACCES');
    equal('names', await namesIn(t, await t.folder2(), 'file'), ['file']);
  }),
  must('across-exports', 'into another export: an error, and it stays', { needs: ['second-export'] }, async (t) => {
    await newFile(t, 'file');
    const to = await t.target.mount2(t.target.options.secondPath ?? '');
    await isRefused('another export', move(t, 'file', 'conformance-moved', { to }));
    equal('names', await namesIn(t, await t.folder2(), 'file'), ['file']);
  }),
  should('directory-times', 'mtime and ctime of both directories move on', { clause: 'RFC 1094 §2.3.5' }, async (t) => {
    const [from, to] = [await newFolder(t, 'from'), await newFolder(t, 'to')];
    await newFile(t, 'file', { dir: from });
    const target = await attributesOf(t, to);
    const moved = await around(t, from, async () => ok(await move(t, 'file', 'file', { from, to })));
    for (const field of ['mtime', 'ctime'] as const) {
      movedOn(field, moved.before, moved.after);
      movedOn(field, target, await attributesOf(t, to));
    }
  }),
  must('from-a-file', 'out of a regular file: NFSERR_NOTDIR', { clause: 'RFC 1094 §2.3.1' }, async (t) => {
    fails(await move(t, 'any', 'new', { from: await newFile(t) }), 'NFSERR_NOTDIR');
  }),
  ...directoryCases(async (t, to, name) => {
    await newFile(t, 'source');
    return move(t, 'source', name, { to });
  }),
]);
