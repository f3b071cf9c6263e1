import { cases, linux, must, should } from '../case.ts';
import { check, equal, ok, present } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { makingCases } from './common.ts';
import { ALICE, attributesOf, CAROL, handleOf, NO_VERIFIER, newFolder, ROOT, sattr, tellsTruth } from './tools.ts';

const attributes = sattr({ mode: 0o755 });

export const MKDIR = cases({ program: NFS3, procedure: 'MKDIR', clause: 'RFC 1813 §3.3.9' }, [
  must('directory', 'a new directory with that mode', async (t) => {
    const dir = await t.folder();
    ok(await t.nfs.MKDIR({ where: { dir, name: 'new' }, attributes: sattr({ mode: 0o751 }) }));
    const { type, mode } = await attributesOf(t.nfs, await handleOf(t.nfs, dir, 'new'));
    equal('attributes', { type, mode }, { type: 'NF3DIR', mode: 0o751 });
  }),
  must('owner', 'it belongs to who made it', { needs: ['users'] }, async (t) => {
    const { uid, gid } = await attributesOf(t.nfs, await newFolder(t));
    equal('owner', { uid, gid }, { uid: ALICE.uid, gid: ALICE.gid });
  }),
  must('empty', 'it is empty', async (t) => {
    const dir = await newFolder(t);
    const listing = ok(await t.nfs.READDIR({ dir, cookie: 0n, cookieverf: NO_VERIFIER, count: 4096 }));
    const names = listing.reply.entries.map(({ name }) => name).filter((name) => name !== '.' && name !== '..');
    equal('names', names, []);
  }),
  must('parent-links', 'the directory above has a link more (or keeps 1)', { clause: 'RFC 1813 §2.5' }, async (t) => {
    const dir = await t.folder();
    const before = await attributesOf(t.nfs, dir);
    await newFolder(t);
    const { nlink } = await attributesOf(t.nfs, dir);
    // btrfs counts no subdirectories.
    check(nlink === before.nlink + 1 || nlink === 1, `nlink ${before.nlink + 1}`, `${nlink}`);
  }),
  must('handle-true', 'a told handle is the one LOOKUP gives, told attributes are true', async (t) => {
    const dir = await t.folder();
    const made = ok(await t.nfs.MKDIR({ where: { dir, name: 'new' }, attributes }));
    const found = await handleOf(t.nfs, dir, 'new');
    equal('obj', made.obj ?? found, found);
    tellsTruth('obj_attributes', made.obj_attributes, await attributesOf(t.nfs, found));
  }),
  should('handle-told', 'handle and attributes come with it', async (t) => {
    const made = ok(await t.nfs.MKDIR({ where: { dir: await t.folder(), name: 'new' }, attributes }));
    present('obj', made.obj);
    present('obj_attributes', made.obj_attributes);
  }),
  must('default-mode', 'without a mode it is made all the same', async (t) => {
    const dir = await t.folder();
    ok(await t.nfs.MKDIR({ where: { dir, name: 'new' }, attributes: sattr() }));
    equal('type', (await attributesOf(t.nfs, await handleOf(t.nfs, dir, 'new'))).type, 'NF3DIR');
  }),
  linux(
    'setgid-inherited',
    'in a set-group-ID directory it has that group, and the bit',
    { needs: ['root', 'users'], clause: 'mkdir(2)' },
    async (t) => {
      const dir = await newFolder(t, 'shared', { mode: 0o777 });
      const shared = sattr({ gid: ALICE.gid, mode: 0o2777 });
      ok(await t.as(ROOT).SETATTR({ object: dir, new_attributes: shared, guard: undefined }));
      const inner = await newFolder(t, 'inner', { dir, nfs: t.as({ ...CAROL, gids: [] }) });
      const { gid, mode } = await attributesOf(t.nfs, inner);
      equal('gid and mode', { gid, mode }, { gid: ALICE.gid, mode: 0o2755 });
    },
  ),
  ...makingCases((t, dir, name, nfs = t.nfs) => nfs.MKDIR({ where: { dir, name }, attributes })),
]);
