import { cases, must, should } from '../case.ts';
import { check, equal, ok } from '../expect.ts';
import { sattr } from '../housekeeping.ts';
import { NFS2 } from '../programs/nfs2.ts';
import { handleCases } from './common.ts';
import { BOB, handleOf, MAXPATHLEN, makesNoSense, newFile, newFolder, newLink, nfs2, outcomeOf } from './tools.ts';

export const READLINK = cases({ program: NFS2, procedure: 'READLINK', clause: 'RFC 1094 §2.2.6' }, [
  must('text', 'the text of the link, whatever it is', async (t) => {
    for (const text of ['a/b', '/etc/../etc/passwd', 'Gr\xc3\xbc\xc3\x9fe', '\xff ']) {
      equal('text', ok(await nfs2(t).READLINK(await newLink(t, `to-${text.length}`, text))).data, text);
    }
  }),
  must('each-length', 'texts of every length modulo four', { clause: 'RFC 4506 §4.11' }, async (t) => {
    for (const text of ['1', '22', '333', '4444', '55555']) {
      equal('text', ok(await nfs2(t).READLINK(await newLink(t, `to-${text}`, text))).data, text);
    }
  }),
  must('longest', 'a text of 1024 bytes', { clause: 'RFC 1094 §2.3.8' }, async (t) => {
    const text = 'a/'.repeat(MAXPATHLEN / 2);
    equal('text', ok(await nfs2(t).READLINK(await newLink(t, 'symlink', text))).data, text);
  }),
  should(
    'not-cut',
    'a text that is longer than the protocol allows is not cut',
    { clause: 'RFC 1094 §2.3.8' },
    async (t) => {
      const where = { dir: await t.folder(), name: 'symlink' };
      const symlink_data = 'x/'.repeat(1000);
      ok(await t.nfs.SYMLINK({ where, symlink: { symlink_attributes: sattr(), symlink_data } }));
      const outcome = await outcomeOf(nfs2(t).READLINK(await handleOf(t, await t.folder2(), 'symlink')));
      check(outcome !== 'NFS_OK', 'an error', outcome);
    },
  ),
  must('no-permission-needed', 'everybody may read it', { needs: ['users'] }, async (t) => {
    equal('text', ok(await nfs2(t, BOB).READLINK(await newLink(t))).data, 'target');
  }),
  must('file', 'a regular file: an error', async (t) => {
    makesNoSense(await nfs2(t).READLINK(await newFile(t)));
  }),
  must('directory', 'a directory: an error', async (t) => {
    makesNoSense(await nfs2(t).READLINK(await newFolder(t)));
  }),
  ...handleCases((t, file) => nfs2(t).READLINK(file)),
]);
