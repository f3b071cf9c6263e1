import { cases, must, should } from '../case.ts';
import { equal, fails, ok, present } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import {
  attributesOf,
  BOB,
  GARBAGE_HANDLE,
  handleOf,
  NEVER_GIVEN,
  newFile,
  newFolder,
  newLink,
  staleFolder,
  TOO_LONG,
  tellsTruth,
} from './tools.ts';

export const LOOKUP = cases({ program: NFS3, procedure: 'LOOKUP', clause: 'RFC 1813 §3.3.3' }, [
  must('file', 'a file that is there: a handle that works', async (t) => {
    await newFile(t, 'file', { data: 'abc' });
    const found = ok(await t.nfs.LOOKUP({ what: { dir: await t.folder(), name: 'file' } }));
    equal('size', (await attributesOf(t.nfs, found.object)).size, 3n);
  }),
  must('attributes-true', 'told attributes are those that GETATTR tells', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const dir = await t.folder();
    const file = await newFile(t);
    const found = ok(await t.nfs.LOOKUP({ what: { dir, name: 'file' } }));
    tellsTruth('obj_attributes', found.obj_attributes, await attributesOf(t.nfs, file));
    tellsTruth('dir_attributes', found.dir_attributes, await attributesOf(t.nfs, dir));
  }),
  should('attributes-told', 'attributes of object and directory come with it', async (t) => {
    const dir = await t.folder();
    await newFile(t);
    const found = ok(await t.nfs.LOOKUP({ what: { dir, name: 'file' } }));
    present('obj_attributes', found.obj_attributes);
    present('dir_attributes', found.dir_attributes);
  }),
  must('same-handle', 'asked twice: the same handle', { clause: 'RFC 1813 §2.4' }, async (t) => {
    const dir = await t.folder();
    equal('handle', await newFile(t), await handleOf(t.nfs, dir, 'file'));
  }),
  must('missing-name', 'a name that is not there: NFS3ERR_NOENT', async (t) => {
    fails(await t.nfs.LOOKUP({ what: { dir: await t.folder(), name: 'nobody' } }), 'NFS3ERR_NOENT');
  }),
  should('missing-name-dir-attributes', 'also a failure tells dir_attributes', async (t) => {
    const missing = await t.nfs.LOOKUP({ what: { dir: await t.folder(), name: 'nobody' } });
    present('dir_attributes', fails(missing, 'NFS3ERR_NOENT').dir_attributes);
  }),
  must('in-a-file', 'in a regular file: NFS3ERR_NOTDIR', async (t) => {
    fails(await t.nfs.LOOKUP({ what: { dir: await newFile(t), name: 'any' } }), 'NFS3ERR_NOTDIR');
  }),
  must('in-a-symlink', 'in a symbolic link: NFS3ERR_NOTDIR', async (t) => {
    const dir = await newLink(t, 'symlink', '.');
    fails(await t.nfs.LOOKUP({ what: { dir, name: 'any' } }), 'NFS3ERR_NOTDIR');
  }),
  must('symlink-not-followed', 'the name of a symbolic link: the link itself', async (t) => {
    await newFile(t, 'file');
    await newLink(t, 'symlink', 'file');
    const found = await handleOf(t.nfs, await t.folder(), 'symlink');
    equal('type', (await attributesOf(t.nfs, found)).type, 'NF3LNK');
  }),
  must('no-search-permission', 'without search permission: NFS3ERR_ACCES', { needs: ['users'] }, async (t) => {
    const dir = await newFolder(t, 'closed', { mode: 0o700 });
    await newFile(t, 'inside', { dir });
    fails(await t.as(BOB).LOOKUP({ what: { dir, name: 'inside' } }), 'NFS3ERR_ACCES');
  }),
  must('dot', '"." is the directory itself', { clause: 'RFC 1813 §3.2' }, async (t) => {
    const dir = await t.folder();
    const found = await handleOf(t.nfs, dir, '.');
    equal('fileid', (await attributesOf(t.nfs, found)).fileid, (await attributesOf(t.nfs, dir)).fileid);
  }),
  must('dot-dot', '".." is the directory above', { clause: 'RFC 1813 §3.2' }, async (t) => {
    const dir = await t.folder();
    const found = await handleOf(t.nfs, await newFolder(t), '..');
    equal('fileid', (await attributesOf(t.nfs, found)).fileid, (await attributesOf(t.nfs, dir)).fileid);
  }),
  must('name-too-long', 'a name of 300 bytes: NFS3ERR_NAMETOOLONG', async (t) => {
    fails(await t.nfs.LOOKUP({ what: { dir: await t.folder(), name: TOO_LONG } }), 'NFS3ERR_NAMETOOLONG');
  }),
  must('any-bytes', 'names are bytes: not ASCII, not UTF-8', { clause: 'RFC 1813 §3.2' }, async (t) => {
    for (const name of ['Gr\xc3\xbc\xc3\x9fe', '\xff\xfe\x80', ' ', 'a b\tc\n', '*?[', '...']) {
      const file = await newFile(t, name);
      equal(`handle of ${JSON.stringify(name)}`, await handleOf(t.nfs, await t.folder(), name), file);
    }
  }),
  must('stale-directory', 'in a removed directory: NFS3ERR_STALE', { clause: 'RFC 1813 §2.6' }, async (t) => {
    fails(await t.nfs.LOOKUP({ what: { dir: await staleFolder(t), name: 'any' } }), 'NFS3ERR_STALE');
  }),
  must('garbage-handle', 'in a handle of no server: NFS3ERR_BADHANDLE', { clause: 'RFC 1813 §2.6' }, async (t) => {
    fails(await t.nfs.LOOKUP({ what: { dir: GARBAGE_HANDLE, name: 'any' } }), ...NEVER_GIVEN);
  }),
]);
