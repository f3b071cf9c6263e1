import { cases, must } from '../case.ts';
import { check, equal, ok } from '../expect.ts';
import { NFS2 } from '../programs/nfs2.ts';
import { makingCases } from './common.ts';
import { ALICE, attributesOf, isRefused, MAXPATHLEN, newLink, nfs2, outcomeOf, sattr2, statusOfName } from './tools.ts';

export const SYMLINK = cases({ program: NFS2, procedure: 'SYMLINK', clause: 'RFC 1094 §2.2.14' }, [
  must('new', 'a symbolic link with this text, of the length of the text', async (t) => {
    const link = await newLink(t, 'new', '../some where/else');
    const { type, size } = await attributesOf(t, link);
    equal('attributes', [type, size], ['NFLNK', 18]);
    equal('text', ok(await nfs2(t).READLINK(link)).data, '../some where/else');
  }),
  must('owner', 'it belongs to the caller', { needs: ['users'] }, async (t) => {
    const { uid, gid } = await attributesOf(t, await newLink(t));
    equal('owner', { uid, gid }, { uid: ALICE.uid, gid: ALICE.gid });
  }),
  must('attributes-unset', 'attributes of nothing but -1: success', { clause: 'RFC 1094 §2.3.6' }, async (t) => {
    const from = { dir: await t.folder2(), name: 'new' };
    ok(await nfs2(t).SYMLINK({ from, to: 'target', attributes: sattr2() }));
    equal('LOOKUP', await statusOfName(t, from.dir, 'new'), 'NFS_OK');
  }),
  must('longest-text', 'a text of 1024 bytes', { clause: 'RFC 1094 §2.3.8' }, async (t) => {
    equal('size', (await attributesOf(t, await newLink(t, 'new', 'x'.repeat(MAXPATHLEN)))).size, MAXPATHLEN);
  }),
  must(
    'text-too-long',
    'a text of 1025 bytes: refused, and no link is made',
    { clause: 'RFC 1094 §2.3.8' },
    async (t) => {
      const from = { dir: await t.folder2(), name: 'new' };
      const to = 'x'.repeat(MAXPATHLEN + 1);
      const outcome = await outcomeOf(nfs2(t).SYMLINK({ from, to, attributes: sattr2({ mode: 0o777 }) }));
      const allowed = ['NFSERR_NAMETOOLONG', 'GARBAGE_ARGS'];
      check(allowed.includes(outcome), allowed.join(' or '), outcome);
      equal('LOOKUP', await statusOfName(t, from.dir, 'new'), 'NFSERR_NOENT');
    },
  ),
  must('nul-in-text', 'a text with a NUL byte: refused, or kept whole', { clause: 'RFC 4506 §4.11' }, async (t) => {
    const from = { dir: await t.folder2(), name: 'new' };
    const calling = nfs2(t).SYMLINK({ from, to: 'some\0thing', attributes: sattr2({ mode: 0o777 }) });
    if ((await outcomeOf(calling)) === 'NFS_OK') {
      const { file } = ok(await nfs2(t).LOOKUP(from));
      equal('text', ok(await nfs2(t).READLINK(file)).data, 'some\0thing');
    }
  }),
  must('empty-text', 'a text of no bytes: an error', async (t) => {
    const from = { dir: await t.folder2(), name: 'new' };
    await isRefused('no text', nfs2(t).SYMLINK({ from, to: '', attributes: sattr2({ mode: 0o777 }) }));
  }),
  ...makingCases((t, dir, name, user) =>
    nfs2(t, user).SYMLINK({ from: { dir, name }, to: 'target', attributes: sattr2({ mode: 0o777 }) }),
  ),
]);
