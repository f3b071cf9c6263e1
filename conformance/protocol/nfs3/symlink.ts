import { cases, must, should } from '../case.ts';
import { check, equal, ok, present } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { makingCases } from './common.ts';
import { ALICE, attributesOf, handleOf, newLink, sattr, tellsTruth } from './tools.ts';

const to = (symlink_data: string) => ({ symlink_attributes: sattr(), symlink_data });

export const SYMLINK = cases({ program: NFS3, procedure: 'SYMLINK', clause: 'RFC 1813 §3.3.10' }, [
  must('text', 'the text is kept as it is, whether it leads anywhere or not', async (t) => {
    const text = '../no where//./\xff\xc3';
    const link = await newLink(t, 'symlink', text);
    equal('text', ok(await t.nfs.READLINK({ symlink: link })).data, text);
  }),
  must('attributes', 'its type is NF3LNK, its size that of the text', async (t) => {
    const { type, size, nlink } = await attributesOf(t.nfs, await newLink(t, 'symlink', 'seven b'));
    equal('attributes', { type, size, nlink }, { type: 'NF3LNK', size: 7n, nlink: 1 });
  }),
  must('owner', 'it belongs to who made it', { needs: ['users'] }, async (t) => {
    equal('uid', (await attributesOf(t.nfs, await newLink(t))).uid, ALICE.uid);
  }),
  must('long-text', 'a text of 1000 bytes', async (t) => {
    const text = 'd/'.repeat(500);
    equal('text', ok(await t.nfs.READLINK({ symlink: await newLink(t, 'symlink', text) })).data, text);
  }),
  must('text-too-long', 'a text of 5000 bytes: an error, or kept whole', async (t) => {
    const dir = await t.folder();
    const text = 'd/'.repeat(2500);
    const { status } = await t.nfs.SYMLINK({ where: { dir, name: 'new' }, symlink: to(text) });
    if (status !== 'NFS3_OK') return;
    const symlink = await handleOf(t.nfs, dir, 'new');
    equal('text', ok(await t.nfs.READLINK({ symlink })).data, text);
  }),
  must('handle-true', 'a told handle is the one LOOKUP gives, told attributes are true', async (t) => {
    const dir = await t.folder();
    const made = ok(await t.nfs.SYMLINK({ where: { dir, name: 'new' }, symlink: to('target') }));
    const found = await handleOf(t.nfs, dir, 'new');
    equal('obj', made.obj ?? found, found);
    tellsTruth('obj_attributes', made.obj_attributes, await attributesOf(t.nfs, found));
  }),
  should('handle-told', 'handle and attributes come with it', async (t) => {
    const made = ok(await t.nfs.SYMLINK({ where: { dir: await t.folder(), name: 'new' }, symlink: to('target') }));
    present('obj', made.obj);
    present('obj_attributes', made.obj_attributes);
  }),
  must('mode-ignored', 'whatever its mode, the target decides', { clause: 'RFC 1813 §3.3.10' }, async (t) => {
    const dir = await t.folder();
    const symlink = { symlink_attributes: sattr({ mode: 0 }), symlink_data: 'target' };
    const { status } = await t.nfs.SYMLINK({ where: { dir, name: 'new' }, symlink });
    check(status === 'NFS3_OK', 'success', status);
    equal('text', ok(await t.nfs.READLINK({ symlink: await handleOf(t.nfs, dir, 'new') })).data, 'target');
  }),
  ...makingCases((t, dir, name, nfs = t.nfs) => nfs.SYMLINK({ where: { dir, name }, symlink: to('target') })),
]);
