import { cases, linux, must, should } from '../case.ts';
import { check, equal, ok, present } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { handleCases } from './common.ts';
import { attributesOf, newFile, tellsTruth } from './tools.ts';

export const FSSTAT = cases({ program: NFS3, procedure: 'FSSTAT', clause: 'RFC 1813 §3.3.18' }, [
  must('space-in-order', 'available is at most free, free at most all', async (t) => {
    const { tbytes, fbytes, abytes } = ok(await t.nfs.FSSTAT({ fsroot: t.root }));
    check(abytes <= fbytes && fbytes <= tbytes, 'abytes <= fbytes <= tbytes', `${abytes}, ${fbytes}, ${tbytes}`);
    check(tbytes > 0n, 'more than 0 bytes in all', '0');
  }),
  must('files-in-order', 'the same for files', async (t) => {
    const { tfiles, ffiles, afiles } = ok(await t.nfs.FSSTAT({ fsroot: t.root }));
    check(afiles <= ffiles && ffiles <= tfiles, 'afiles <= ffiles <= tfiles', `${afiles}, ${ffiles}, ${tfiles}`);
  }),
  must('one-file-system', 'any handle of the file system: the same size', async (t) => {
    const ofFile = ok(await t.nfs.FSSTAT({ fsroot: await newFile(t) }));
    const ofFolder = ok(await t.nfs.FSSTAT({ fsroot: await t.folder() }));
    equal('tbytes', ofFile.tbytes, ofFolder.tbytes);
  }),
  linux('room-to-write', 'it is not full as long as a file can be made: df(1)', { clause: 'statfs(2)' }, async (t) => {
    await newFile(t, 'file', { data: 'abc' });
    const { fbytes } = ok(await t.nfs.FSSTAT({ fsroot: await t.folder() }));
    check(fbytes > 0n, 'free bytes', '0');
  }),
  must('attributes-true', 'told attributes are true', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const fsroot = await t.folder();
    tellsTruth('obj_attributes', ok(await t.nfs.FSSTAT({ fsroot })).obj_attributes, await attributesOf(t.nfs, fsroot));
  }),
  should('attributes-told', 'attributes come with it', async (t) => {
    present('obj_attributes', ok(await t.nfs.FSSTAT({ fsroot: t.root })).obj_attributes);
  }),
  ...handleCases((t, fsroot) => t.nfs.FSSTAT({ fsroot })),
]);
