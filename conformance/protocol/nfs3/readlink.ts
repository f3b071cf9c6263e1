import { cases, must, should } from '../case.ts';
import { equal, fails, ok, present } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { handleCases } from './common.ts';
import { attributesOf, BOB, newFile, newFolder, newLink, tellsTruth } from './tools.ts';

export const READLINK = cases({ program: NFS3, procedure: 'READLINK', clause: 'RFC 1813 §3.3.5' }, [
  must('text', 'the text of the link', async (t) => {
    equal('text', ok(await t.nfs.READLINK({ symlink: await newLink(t, 'symlink', 'a/b') })).data, 'a/b');
  }),
  must('not-interpreted', 'an absolute text comes back as it is', async (t) => {
    const symlink = await newLink(t, 'symlink', '/etc/../etc/passwd');
    equal('text', ok(await t.nfs.READLINK({ symlink })).data, '/etc/../etc/passwd');
  }),
  must('each-length', 'texts of every length modulo four', { clause: 'RFC 4506 §4.11' }, async (t) => {
    for (const text of ['1', '22', '333', '4444', '55555']) {
      equal('text', ok(await t.nfs.READLINK({ symlink: await newLink(t, `to-${text}`, text) })).data, text);
    }
  }),
  must('no-permission-needed', 'everybody may read it', { needs: ['users'] }, async (t) => {
    equal('text', ok(await t.as(BOB).READLINK({ symlink: await newLink(t) })).data, 'target');
  }),
  must('attributes-true', 'told attributes are true', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const symlink = await newLink(t);
    const { symlink_attributes } = ok(await t.nfs.READLINK({ symlink }));
    tellsTruth('symlink_attributes', symlink_attributes, await attributesOf(t.nfs, symlink));
  }),
  should('attributes-told', 'attributes come with it', async (t) => {
    const { symlink_attributes } = ok(await t.nfs.READLINK({ symlink: await newLink(t) }));
    present('symlink_attributes', symlink_attributes);
  }),
  must('file', 'a regular file: NFS3ERR_INVAL', async (t) => {
    fails(await t.nfs.READLINK({ symlink: await newFile(t) }), 'NFS3ERR_INVAL');
  }),
  must('directory', 'a directory: NFS3ERR_INVAL', async (t) => {
    fails(await t.nfs.READLINK({ symlink: await newFolder(t) }), 'NFS3ERR_INVAL');
  }),
  ...handleCases((t, symlink) => t.nfs.READLINK({ symlink })),
]);
