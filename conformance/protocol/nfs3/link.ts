import { cases, linux, must, should } from '../case.ts';
import { check, equal, fails, ok, present } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { directoryCases } from './common.ts';
import {
  around,
  attributesOf,
  BOB,
  contentOf,
  GARBAGE_HANDLE,
  handleOf,
  movedOn,
  NEVER_GIVEN,
  newFile,
  newFolder,
  newLink,
  staleHandle,
  statusOfName,
  tellsTruth,
  wccIsTold,
  wccTellsTruth,
  writeAll,
} from './tools.ts';

export const LINK = cases({ program: NFS3, procedure: 'LINK', clause: 'RFC 1813 §3.3.15' }, [
  must('same-file', 'both names are the same file: fileid, nlink 2', async (t) => {
    const dir = await t.folder();
    const file = await newFile(t, 'one');
    ok(await t.nfs.LINK({ file, link: { dir, name: 'two' } }));
    const [one, two] = [await attributesOf(t.nfs, file), await attributesOf(t.nfs, await handleOf(t.nfs, dir, 'two'))];
    equal('fileid', two.fileid, one.fileid);
    equal('nlink', [one.nlink, two.nlink], [2, 2]);
  }),
  must('shared-content', 'what is written by one name is read by the other', async (t) => {
    const dir = await t.folder();
    const file = await newFile(t, 'one');
    ok(await t.nfs.LINK({ file, link: { dir, name: 'two' } }));
    await writeAll(t.nfs, file, 'shared');
    equal('content', (await contentOf(t.nfs, await handleOf(t.nfs, dir, 'two'))).toString(), 'shared');
  }),
  must('ctime', "the file's ctime moves on, its mtime stays", { clause: 'RFC 1813 §2.5' }, async (t) => {
    const dir = await t.folder();
    const file = await newFile(t, 'one');
    const linked = await around(t, file, async () => ok(await t.nfs.LINK({ file, link: { dir, name: 'two' } })));
    movedOn('ctime', linked.before, linked.after);
    equal('mtime', linked.after.mtime, linked.before.mtime);
  }),
  must('directory-times', "the directory's mtime and ctime move on", { clause: 'RFC 1813 §2.5' }, async (t) => {
    const dir = await t.folder();
    const file = await newFile(t, 'one');
    const { before, after } = await around(t, dir, async () =>
      ok(await t.nfs.LINK({ file, link: { dir, name: 'two' } })),
    );
    movedOn('mtime', before, after);
    movedOn('ctime', before, after);
  }),
  must('into-another-directory', 'into another directory', async (t) => {
    const file = await newFile(t, 'one', { data: 'abc' });
    const dir = await newFolder(t);
    ok(await t.nfs.LINK({ file, link: { dir, name: 'two' } }));
    equal('content', (await contentOf(t.nfs, await handleOf(t.nfs, dir, 'two'))).toString(), 'abc');
  }),
  must('existing-name', 'a name that is there: NFS3ERR_EXIST, and it stays', async (t) => {
    const dir = await t.folder();
    const file = await newFile(t, 'one');
    const other = await newFile(t, 'two');
    fails(await t.nfs.LINK({ file, link: { dir, name: 'two' } }), 'NFS3ERR_EXIST');
    equal('handle', await handleOf(t.nfs, dir, 'two'), other);
    equal('nlink', (await attributesOf(t.nfs, file)).nlink, 1);
  }),
  must('directory', 'of a directory: an error, and no link', async (t) => {
    const dir = await t.folder();
    const { status } = await t.nfs.LINK({ file: await newFolder(t, 'one'), link: { dir, name: 'two' } });
    check(status !== 'NFS3_OK', 'an error', status);
    equal('LOOKUP', await statusOfName(t.nfs, dir, 'two'), 'NFS3ERR_NOENT');
  }),
  linux('symlink-itself', 'of a symbolic link: the link itself, not its target', { clause: 'link(2)' }, async (t) => {
    const dir = await t.folder();
    await newFile(t, 'target');
    ok(await t.nfs.LINK({ file: await newLink(t, 'one', 'target'), link: { dir, name: 'two' } }));
    equal('type', (await attributesOf(t.nfs, await handleOf(t.nfs, dir, 'two'))).type, 'NF3LNK');
  }),
  must('across-exports', 'into another export: NFS3ERR_XDEV', { needs: ['second-export', 'root'] }, async (t) => {
    const file = await newFile(t, 'one');
    const linked = await t.nfs.LINK({ file, link: { dir: await t.secondRoot(), name: 'conformance-link' } });
    // Where ALICE may not write there, permission may be what is looked at first.
    fails(linked, 'NFS3ERR_XDEV', 'NFS3ERR_ACCES');
  }),
  must(
    'no-write-permission',
    'without write permission on the directory: NFS3ERR_ACCES',
    { needs: ['users'] },
    async (t) => {
      const dir = await newFolder(t, 'folder', { mode: 0o755 });
      const file = await newFile(t, 'bobs', { nfs: t.as(BOB) });
      fails(await t.as(BOB).LINK({ file, link: { dir, name: 'two' } }), 'NFS3ERR_ACCES');
      equal('LOOKUP', await statusOfName(t.nfs, dir, 'two'), 'NFS3ERR_NOENT');
    },
  ),
  must('slash-in-name', 'a name with a slash makes nothing elsewhere', { clause: 'RFC 1813 §3.2' }, async (t) => {
    const file = await newFile(t, 'one');
    const { status } = await t.nfs.LINK({ file, link: { dir: await newFolder(t), name: '../escaped' } });
    check(status !== 'NFS3_OK', 'an error', status);
    equal('LOOKUP above', await statusOfName(t.nfs, await t.folder(), 'escaped'), 'NFS3ERR_NOENT');
  }),
  must('dot-names', '"." and "..": an error', { clause: 'RFC 1813 §3.2' }, async (t) => {
    const file = await newFile(t, 'one');
    for (const name of ['.', '..']) {
      const { status } = await t.nfs.LINK({ file, link: { dir: await t.folder(), name } });
      check(status !== 'NFS3_OK', `an error for "${name}"`, status);
    }
  }),
  must('wcc-true', 'linkdir_wcc and file_attributes tell the truth', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const dir = await t.folder();
    const file = await newFile(t, 'one');
    const linked = await around(t, dir, () => t.nfs.LINK({ file, link: { dir, name: 'two' } }));
    const { linkdir_wcc, file_attributes } = ok(linked.result);
    wccTellsTruth(linkdir_wcc, linked.before, linked.after);
    tellsTruth('file_attributes', file_attributes, await attributesOf(t.nfs, file));
  }),
  must('wcc-true-on-failure', 'both tell the truth when it fails', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const dir = await t.folder();
    const file = await newFile(t, 'one');
    const linked = await around(t, dir, () => t.nfs.LINK({ file, link: { dir, name: 'one' } }));
    const { linkdir_wcc, file_attributes } = fails(linked.result, 'NFS3ERR_EXIST');
    wccTellsTruth(linkdir_wcc, linked.before, linked.after);
    tellsTruth('file_attributes', file_attributes, await attributesOf(t.nfs, file));
  }),
  should('wcc-told', 'linkdir_wcc and file_attributes come with it', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const linked = ok(
      await t.nfs.LINK({ file: await newFile(t, 'one'), link: { dir: await t.folder(), name: 'two' } }),
    );
    wccIsTold(linked.linkdir_wcc);
    present('file_attributes', linked.file_attributes);
  }),
  must('stale-file', 'of a removed file: NFS3ERR_STALE', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const linked = await t.nfs.LINK({ file: await staleHandle(t), link: { dir: await t.folder(), name: 'two' } });
    fails(linked, 'NFS3ERR_STALE');
  }),
  must('garbage-file', 'of a handle of no server: NFS3ERR_BADHANDLE', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const linked = await t.nfs.LINK({ file: GARBAGE_HANDLE, link: { dir: await t.folder(), name: 'two' } });
    fails(linked, ...NEVER_GIVEN);
  }),
  ...directoryCases(async (t, dir, name) => t.nfs.LINK({ file: await newFile(t, 'source'), link: { dir, name } })),
]);
