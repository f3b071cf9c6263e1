import { cases, must, should } from '../case.ts';
import { equal, fails, ok, present } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { makingCases } from './common.ts';
import { ALICE, attributesOf, handleOf, ROOT, sattr, statusOfName, tellsTruth } from './tools.ts';

const fifo = { type: 'NF3FIFO', pipe_attributes: sattr({ mode: 0o640 }) } as const;
const socket = { type: 'NF3SOCK', pipe_attributes: sattr({ mode: 0o640 }) } as const;
const device = (type: 'NF3CHR' | 'NF3BLK', specdata1: number, specdata2: number) => ({
  ...{ type, dev_attributes: sattr({ mode: 0o600 }), spec: { specdata1, specdata2 } },
});

export const MKNOD = cases({ program: NFS3, procedure: 'MKNOD', clause: 'RFC 1813 §3.3.11' }, [
  must('fifo', 'a FIFO with that mode', async (t) => {
    const dir = await t.folder();
    ok(await t.nfs.MKNOD({ where: { dir, name: 'new' }, what: fifo }));
    const { type, mode } = await attributesOf(t.nfs, await handleOf(t.nfs, dir, 'new'));
    equal('attributes', { type, mode }, { type: 'NF3FIFO', mode: 0o640 });
  }),
  must('socket', 'a socket with that mode', async (t) => {
    const dir = await t.folder();
    ok(await t.nfs.MKNOD({ where: { dir, name: 'new' }, what: socket }));
    const { type, mode } = await attributesOf(t.nfs, await handleOf(t.nfs, dir, 'new'));
    equal('attributes', { type, mode }, { type: 'NF3SOCK', mode: 0o640 });
  }),
  must('owner', 'it belongs to who made it', { needs: ['users'] }, async (t) => {
    const dir = await t.folder();
    ok(await t.nfs.MKNOD({ where: { dir, name: 'new' }, what: fifo }));
    equal('uid', (await attributesOf(t.nfs, await handleOf(t.nfs, dir, 'new'))).uid, ALICE.uid);
  }),
  must('character-device', 'a character device with its numbers', { needs: ['root'] }, async (t) => {
    const dir = await t.folder();
    ok(await t.as(ROOT).MKNOD({ where: { dir, name: 'new' }, what: device('NF3CHR', 1, 300) }));
    const { type, rdev } = await attributesOf(t.nfs, await handleOf(t.nfs, dir, 'new'));
    equal('attributes', { type, rdev }, { type: 'NF3CHR', rdev: { specdata1: 1, specdata2: 300 } });
  }),
  must('block-device', 'a block device with its numbers', { needs: ['root'] }, async (t) => {
    const dir = await t.folder();
    ok(await t.as(ROOT).MKNOD({ where: { dir, name: 'new' }, what: device('NF3BLK', 7, 3) }));
    const { type, rdev } = await attributesOf(t.nfs, await handleOf(t.nfs, dir, 'new'));
    equal('attributes', { type, rdev }, { type: 'NF3BLK', rdev: { specdata1: 7, specdata2: 3 } });
  }),
  must('device-for-root-alone', 'a device for who is not root: NFS3ERR_PERM', { needs: ['users'] }, async (t) => {
    const dir = await t.folder();
    const made = await t.nfs.MKNOD({ where: { dir, name: 'new' }, what: device('NF3CHR', 1, 3) });
    fails(made, 'NFS3ERR_PERM', 'NFS3ERR_ACCES');
    equal('LOOKUP', await statusOfName(t.nfs, dir, 'new'), 'NFS3ERR_NOENT');
  }),
  ...(['NF3REG', 'NF3DIR', 'NF3LNK'] as const).map((type) =>
    must(`type-${type.toLowerCase()}`, `${type}, which others make: NFS3ERR_BADTYPE`, async (t) => {
      const dir = await t.folder();
      fails(await t.nfs.MKNOD({ where: { dir, name: 'new' }, what: { type } }), 'NFS3ERR_BADTYPE');
      equal('LOOKUP', await statusOfName(t.nfs, dir, 'new'), 'NFS3ERR_NOENT');
    }),
  ),
  must('handle-true', 'a told handle is the one LOOKUP gives, told attributes are true', async (t) => {
    const dir = await t.folder();
    const made = ok(await t.nfs.MKNOD({ where: { dir, name: 'new' }, what: fifo }));
    const found = await handleOf(t.nfs, dir, 'new');
    equal('obj', made.obj ?? found, found);
    tellsTruth('obj_attributes', made.obj_attributes, await attributesOf(t.nfs, found));
  }),
  should('handle-told', 'handle and attributes come with it', async (t) => {
    const made = ok(await t.nfs.MKNOD({ where: { dir: await t.folder(), name: 'new' }, what: fifo }));
    present('obj', made.obj);
    present('obj_attributes', made.obj_attributes);
  }),
  ...makingCases((t, dir, name, nfs = t.nfs) => nfs.MKNOD({ where: { dir, name }, what: fifo })),
]);
