import { cases, must } from '../case.ts';
import { equal, fails, ok } from '../expect.ts';
import { NFS2 } from '../programs/nfs2.ts';
import { directoryCases } from './common.ts';
import {
  attributesOf,
  BOB,
  handleOf,
  isRefused,
  newFile,
  newFolder,
  newLink,
  nfs2,
  statusOfName,
  tellsTruth,
} from './tools.ts';

export const LOOKUP = cases({ program: NFS2, procedure: 'LOOKUP', clause: 'RFC 1094 §2.2.5' }, [
  must('file', 'a file that is there: a handle that works', async (t) => {
    await newFile(t, 'file', { data: 'abc' });
    equal('size', (await attributesOf(t, await handleOf(t, await t.folder2(), 'file'))).size, 3);
  }),
  must('attributes-true', "the attributes are the object's, as GETATTR tells them", async (t) => {
    const file = await newFile(t, 'file', { data: 'abc' });
    const found = ok(await nfs2(t).LOOKUP({ dir: await t.folder2(), name: 'file' }));
    tellsTruth(found.attributes, await attributesOf(t, file));
  }),
  must('missing-name', 'a name that is not there: NFSERR_NOENT', { clause: 'RFC 1094 §2.3.1' }, async (t) => {
    fails(await nfs2(t).LOOKUP({ dir: await t.folder2(), name: 'nobody' }), 'NFSERR_NOENT');
  }),
  must('longest-name', 'a name of 255 bytes', { clause: 'RFC 1094 §2.3.7' }, async (t) => {
    const name = 'n'.repeat(255);
    equal('LOOKUP before', await statusOfName(t, await t.folder2(), name), 'NFSERR_NOENT');
    await newFile(t, name);
    equal('LOOKUP after', await statusOfName(t, await t.folder2(), name), 'NFS_OK');
  }),
  must(
    'symlink-not-followed',
    'the name of a symbolic link: the link itself',
    { clause: 'RFC 1094 §3.2' },
    async (t) => {
      await newFile(t, 'file');
      await newLink(t, 'symlink', 'file');
      const found = await handleOf(t, await t.folder2(), 'symlink');
      equal('type', (await attributesOf(t, found)).type, 'NFLNK');
    },
  ),
  must('no-search-permission', 'without search permission: NFSERR_ACCES', { needs: ['users'] }, async (t) => {
    const dir = await newFolder(t, 'closed', { mode: 0o700 });
    await newFile(t, 'inside', { dir });
    fails(await nfs2(t, BOB).LOOKUP({ dir, name: 'inside' }), 'NFSERR_ACCES');
  }),
  must('dot', '"." is the directory itself', { clause: 'RFC 1094 §3.2' }, async (t) => {
    const dir = await t.folder2();
    const found = await handleOf(t, dir, '.');
    equal('fileid', (await attributesOf(t, found)).fileid, (await attributesOf(t, dir)).fileid);
  }),
  must('dot-dot', '".." is the directory above', { clause: 'RFC 1094 §3.2' }, async (t) => {
    const found = await handleOf(t, await newFolder(t), '..');
    equal('fileid', (await attributesOf(t, found)).fileid, (await attributesOf(t, await t.folder2())).fileid);
  }),
  must('any-bytes', 'names are bytes: not ASCII, not UTF-8', { clause: 'RFC 1094 §2.3.7' }, async (t) => {
    for (const name of ['Gr\xc3\xbc\xc3\x9fe', '\xff\xfe\x80', ' ', 'a b\tc\n', '*?[', '...']) {
      const file = await newFile(t, name);
      equal(`handle of ${JSON.stringify(name)}`, await handleOf(t, await t.folder2(), name), file);
    }
  }),
  must('path-for-a-name', 'takes a name, never a path', { clause: 'RFC 1094 §3.2' }, async (t) => {
    await newFile(t, 'inside', { dir: await newFolder(t, 'folder') });
    const dir = await t.folder2();
    for (const name of ['folder/inside', '/etc/passwd', '../../../etc/passwd', './folder', 'folder/', '/']) {
      await isRefused(name, nfs2(t).LOOKUP({ dir, name }));
    }
  }),
  must('nul-in-name', 'a name with a NUL byte is no other name', { clause: 'RFC 4506 §4.11' }, async (t) => {
    await newFile(t, 'file');
    await isRefused('a NUL byte', nfs2(t).LOOKUP({ dir: await t.folder2(), name: 'file\0suffix' }));
  }),
  ...directoryCases((t, dir, name) => nfs2(t).LOOKUP({ dir, name })),
]);
