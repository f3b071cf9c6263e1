import { cases, linux, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, fails, ok } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { directoryCases } from './common.ts';
import {
  around,
  attributesOf,
  BOB,
  contentOf,
  handleOf,
  movedOn,
  newFile,
  newFolder,
  newLink,
  statusOfName,
  stayed,
  wccIsTold,
  wccTellsTruth,
} from './tools.ts';

interface Move {
  readonly nfs?: Context['nfs'];
  readonly from?: Buffer;
  readonly to?: Buffer;
}

/** RENAME; in the case's folder unless directories are named. */
async function move(t: Context, name: string, newName: string, { nfs = t.nfs, from, to }: Move = {}) {
  const dir = await t.folder();
  return nfs.RENAME({ from: { dir: from ?? dir, name }, to: { dir: to ?? dir, name: newName } });
}

/** Which of the names are there. */
async function names(t: Context, dir: Buffer, ...candidates: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of candidates) if ((await statusOfName(t.nfs, dir, name)) === 'NFS3_OK') found.push(name);
  return found;
}

export const RENAME = cases({ program: NFS3, procedure: 'RENAME', clause: 'RFC 1813 §3.3.14' }, [
  must('file', 'a file: the old name goes, the new one is the same file', async (t) => {
    const dir = await t.folder();
    const file = await newFile(t, 'old', { data: 'abc' });
    ok(await move(t, 'old', 'new'));
    equal('names', await names(t, dir, 'old', 'new'), ['new']);
    equal('handle', await handleOf(t.nfs, dir, 'new'), file);
    equal('content', (await contentOf(t.nfs, file)).toString(), 'abc');
  }),
  must('across-directories', 'into another directory: the same file', async (t) => {
    const file = await newFile(t, 'old');
    const to = await newFolder(t);
    ok(await move(t, 'old', 'new', { to }));
    equal('names', await names(t, await t.folder(), 'old'), []);
    const { fileid } = await attributesOf(t.nfs, file);
    equal('fileid', (await attributesOf(t.nfs, await handleOf(t.nfs, to, 'new'))).fileid, fileid);
  }),
  must('handle-lives-on', 'the handle works on after a move', { clause: 'RFC 1813 §2.4' }, async (t) => {
    const file = await newFile(t, 'old', { data: 'abc' });
    ok(await move(t, 'old', 'new', { to: await newFolder(t) }));
    equal('content', (await contentOf(t.nfs, file)).toString(), 'abc');
  }),
  must('replaces-file', 'onto a file: it is replaced, its handle stale', async (t) => {
    const dir = await t.folder();
    const file = await newFile(t, 'old', { data: 'new content' });
    const replaced = await newFile(t, 'new', { data: 'old content' });
    ok(await move(t, 'old', 'new'));
    equal('handle', await handleOf(t.nfs, dir, 'new'), file);
    fails(await t.nfs.GETATTR({ object: replaced }), 'NFS3ERR_STALE');
  }),
  must('replaces-link', 'onto one of two links: the other stays, with nlink 1', async (t) => {
    const dir = await t.folder();
    const other = await newFile(t, 'new');
    ok(await t.nfs.LINK({ file: other, link: { dir, name: 'second' } }));
    await newFile(t, 'old');
    ok(await move(t, 'old', 'new'));
    equal('nlink', (await attributesOf(t.nfs, other)).nlink, 1);
  }),
  must('replaces-empty-directory', 'a directory onto an empty one: it is replaced', async (t) => {
    const folder = await newFolder(t, 'old');
    await newFolder(t, 'new');
    ok(await move(t, 'old', 'new'));
    equal('handle', await handleOf(t.nfs, await t.folder(), 'new'), folder);
  }),
  must('onto-full-directory', 'a directory onto one with files: NFS3ERR_NOTEMPTY, both stay', async (t) => {
    const dir = await t.folder();
    await newFolder(t, 'old');
    const full = await newFolder(t, 'new');
    await newFile(t, 'inside', { dir: full });
    fails(await move(t, 'old', 'new'), 'NFS3ERR_NOTEMPTY', 'NFS3ERR_EXIST');
    equal('names', await names(t, dir, 'old', 'new'), ['old', 'new']);
    equal('names inside', await names(t, full, 'inside'), ['inside']);
  }),
  must('file-onto-directory', 'a file onto a directory: NFS3ERR_EXIST or NFS3ERR_ISDIR, both stay', async (t) => {
    await newFile(t, 'old');
    await newFolder(t, 'new');
    fails(await move(t, 'old', 'new'), 'NFS3ERR_EXIST', 'NFS3ERR_ISDIR');
    equal('names', await names(t, await t.folder(), 'old', 'new'), ['old', 'new']);
  }),
  must('directory-onto-file', 'a directory onto a file: NFS3ERR_EXIST or NFS3ERR_NOTDIR, both stay', async (t) => {
    await newFolder(t, 'old');
    await newFile(t, 'new');
    fails(await move(t, 'old', 'new'), 'NFS3ERR_EXIST', 'NFS3ERR_NOTDIR');
    equal('names', await names(t, await t.folder(), 'old', 'new'), ['old', 'new']);
  }),
  must('onto-itself', 'onto its own name: success, and it stays', async (t) => {
    const file = await newFile(t, 'same', { data: 'abc' });
    ok(await move(t, 'same', 'same'));
    equal('content', (await contentOf(t.nfs, file)).toString(), 'abc');
  }),
  must('two-links', 'onto another link of the same file: success, and both stay', async (t) => {
    const dir = await t.folder();
    const file = await newFile(t, 'one');
    ok(await t.nfs.LINK({ file, link: { dir, name: 'two' } }));
    ok(await move(t, 'one', 'two'));
    equal('names', await names(t, dir, 'one', 'two'), ['one', 'two']);
  }),
  must('symlink-itself', 'a symbolic link: the link, not its target', async (t) => {
    const dir = await t.folder();
    await newFile(t, 'target');
    await newLink(t, 'old', 'target');
    ok(await move(t, 'old', 'new'));
    equal('names', await names(t, dir, 'old', 'new', 'target'), ['new', 'target']);
    equal('type', (await attributesOf(t.nfs, await handleOf(t.nfs, dir, 'new'))).type, 'NF3LNK');
  }),
  must('missing-name', 'a name that is not there: NFS3ERR_NOENT', async (t) => {
    await newFile(t, 'new');
    fails(await move(t, 'nobody', 'new'), 'NFS3ERR_NOENT');
    equal('names', await names(t, await t.folder(), 'new'), ['new']);
  }),
  must('cycle', 'a directory into itself: NFS3ERR_INVAL, and it stays', async (t) => {
    const to = await newFolder(t, 'outer');
    fails(await move(t, 'outer', 'inner', { to }), 'NFS3ERR_INVAL');
    equal('names', await names(t, await t.folder(), 'outer'), ['outer']);
  }),
  must('deep-cycle', 'a directory into one below it: NFS3ERR_INVAL', async (t) => {
    const outer = await newFolder(t, 'outer');
    const inner = await newFolder(t, 'inner', { dir: outer });
    fails(await move(t, 'outer', 'x', { to: inner }), 'NFS3ERR_INVAL');
  }),
  must('dot-names', '"." and ".." on either side: an error', async (t) => {
    await newFile(t, 'file');
    const from = await newFolder(t);
    for (const name of ['.', '..']) {
      const away = await move(t, name, 'x', { from });
      check(away.status !== 'NFS3_OK', `an error for "${name}" as the old name`, away.status);
      const onto = await move(t, 'file', name);
      check(onto.status !== 'NFS3_OK', `an error for "${name}" as the new name`, onto.status);
    }
    equal('names', await names(t, await t.folder(), 'file', 'folder'), ['file', 'folder']);
  }),
  must('slash-in-name', 'a new name with a slash makes nothing elsewhere', { clause: 'RFC 1813 §3.2' }, async (t) => {
    await newFile(t, 'file');
    const { status } = await move(t, 'file', '../escaped', { to: await newFolder(t) });
    check(status !== 'NFS3_OK', 'an error', status);
    equal('names', await names(t, await t.folder(), 'file', 'escaped'), ['file']);
  }),
  must('dot-dot-follows', 'a moved directory has its new parent for ".."', async (t) => {
    await newFolder(t, 'moved');
    const to = await newFolder(t, 'parent');
    ok(await move(t, 'moved', 'moved', { to }));
    const up = await handleOf(t.nfs, await handleOf(t.nfs, to, 'moved'), '..');
    equal('fileid', (await attributesOf(t.nfs, up)).fileid, (await attributesOf(t.nfs, to)).fileid);
  }),
  must(
    'parent-links',
    'a moved directory takes its link along (or nlink is 1)',
    { clause: 'RFC 1813 §2.5' },
    async (t) => {
      await newFolder(t, 'moved');
      const to = await newFolder(t, 'parent');
      const [from, into] = [await attributesOf(t.nfs, await t.folder()), await attributesOf(t.nfs, to)];
      ok(await move(t, 'moved', 'moved', { to }));
      const links = [(await attributesOf(t.nfs, await t.folder())).nlink, (await attributesOf(t.nfs, to)).nlink];
      // btrfs counts no subdirectories.
      if (into.nlink !== 1) equal('nlink', links, [from.nlink - 1, into.nlink + 1]);
      else equal('nlink', links, [1, 1]);
    },
  ),
  must('no-permission-from', 'without write permission where it is: NFS3ERR_ACCES', { needs: ['users'] }, async (t) => {
    const from = await newFolder(t, 'closed', { mode: 0o755 });
    await newFile(t, 'file', { dir: from });
    fails(await move(t, 'file', 'new', { from, nfs: t.as(BOB) }), 'NFS3ERR_ACCES');
    equal('names', await names(t, from, 'file'), ['file']);
  }),
  must('no-permission-to', 'without write permission where it goes: NFS3ERR_ACCES', { needs: ['users'] }, async (t) => {
    const to = await newFolder(t, 'closed', { mode: 0o755 });
    await newFile(t, 'file');
    fails(await move(t, 'file', 'new', { to, nfs: t.as(BOB) }), 'NFS3ERR_ACCES');
    equal('names', await names(t, await t.folder(), 'file'), ['file']);
  }),
  linux(
    'sticky-target',
    "onto another's file in a sticky directory: an error, and it stays",
    { needs: ['users'], clause: 'rename(2)' },
    async (t) => {
      const to = await newFolder(t, 'sticky', { mode: 0o1777 });
      const file = await newFile(t, 'hers', { dir: to });
      await newFile(t, 'his', { nfs: t.as(BOB) });
      fails(await move(t, 'his', 'hers', { to, nfs: t.as(BOB) }), 'NFS3ERR_PERM', 'NFS3ERR_ACCES');
      equal('handle', await handleOf(t.nfs, to, 'hers'), file);
    },
  ),
  must('across-exports', 'into another export: NFS3ERR_XDEV, and it stays', { needs: ['second-export'] }, async (t) => {
    await newFile(t, 'file');
    const moved = await move(t, 'file', 'conformance-moved', { to: await t.secondRoot() });
    fails(moved, 'NFS3ERR_XDEV', 'NFS3ERR_ACCES');
    equal('names', await names(t, await t.folder(), 'file'), ['file']);
  }),
  must('directory-times', 'mtime and ctime of both directories move on', { clause: 'RFC 1813 §2.5' }, async (t) => {
    const [from, to] = [await newFolder(t, 'from'), await newFolder(t, 'to')];
    await newFile(t, 'file', { dir: from });
    const target = await attributesOf(t.nfs, to);
    const moved = await around(t, from, async () => ok(await move(t, 'file', 'file', { from, to })));
    for (const [before, after] of [
      [moved.before, moved.after],
      [target, await attributesOf(t.nfs, to)],
    ] as const) {
      movedOn('mtime', before, after);
      movedOn('ctime', before, after);
    }
  }),
  linux('file-ctime', "the file's ctime moves on, its mtime stays", { clause: 'rename(2) on Linux' }, async (t) => {
    const file = await newFile(t, 'old');
    const { before, after } = await around(t, file, async () => ok(await move(t, 'old', 'new')));
    movedOn('ctime', before, after);
    stayed('mtime', before, after);
  }),
  must('wcc-true', 'fromdir_wcc and todir_wcc tell the truth', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const [from, to] = [await newFolder(t, 'from'), await newFolder(t, 'to')];
    await newFile(t, 'file', { dir: from });
    const target = await attributesOf(t.nfs, to);
    const moved = await around(t, from, () => move(t, 'file', 'file', { from, to }));
    const { fromdir_wcc, todir_wcc } = ok(moved.result);
    wccTellsTruth(fromdir_wcc, moved.before, moved.after);
    wccTellsTruth(todir_wcc, target, await attributesOf(t.nfs, to));
  }),
  must('wcc-true-on-failure', 'both tell the truth when it fails', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const [from, to] = [await newFolder(t, 'from'), await newFolder(t, 'to')];
    const target = await attributesOf(t.nfs, to);
    const moved = await around(t, from, () => move(t, 'nobody', 'file', { from, to }));
    const { fromdir_wcc, todir_wcc } = fails(moved.result, 'NFS3ERR_NOENT');
    wccTellsTruth(fromdir_wcc, moved.before, moved.after);
    wccTellsTruth(todir_wcc, target, await attributesOf(t.nfs, to));
  }),
  should('wcc-told', 'both halves of both come with it', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const to = await newFolder(t);
    await newFile(t, 'file');
    const { fromdir_wcc, todir_wcc } = ok(await move(t, 'file', 'file', { to }));
    wccIsTold(fromdir_wcc);
    wccIsTold(todir_wcc);
  }),
  ...directoryCases(async (t, dir, name) => {
    await newFile(t, 'source');
    return move(t, 'source', name, { to: dir });
  }),
  must('from-a-file', 'out of a regular file: NFS3ERR_NOTDIR', async (t) => {
    fails(await move(t, 'any', 'new', { from: await newFile(t) }), 'NFS3ERR_NOTDIR');
  }),
]);
