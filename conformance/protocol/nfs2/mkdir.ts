import { cases, must } from '../case.ts';
import { equal, ok } from '../expect.ts';
import { NFS2 } from '../programs/nfs2.ts';
import { makingCases } from './common.ts';
import { attributesOf, BOB, handleOf, newFile, newFolder, nfs2, PERMISSIONS, sattr2, tellsTruth } from './tools.ts';

export const MKDIR = cases({ program: NFS2, procedure: 'MKDIR', clause: 'RFC 1094 §2.2.15' }, [
  must('new', 'a new directory, with the mode asked for, into which files can be made', async (t) => {
    const where = { dir: await t.folder2(), name: 'new' };
    const { file, attributes } = ok(await nfs2(t).MKDIR({ where, attributes: sattr2({ mode: 0o750 }) }));
    equal('attributes', [attributes.type, attributes.mode & PERMISSIONS], ['NFDIR', 0o750]);
    const inside = await newFile(t, 'inside', { dir: file });
    equal('handle inside', await handleOf(t, await handleOf(t, where.dir, 'new'), 'inside'), inside);
  }),
  must('attributes-true', 'the attributes in the reply are true', async (t) => {
    const where = { dir: await t.folder2(), name: 'new' };
    const { file, attributes } = ok(await nfs2(t).MKDIR({ where, attributes: sattr2({ mode: 0o700 }) }));
    tellsTruth(attributes, await attributesOf(t, file));
  }),
  must('owner', 'it belongs to the caller', { needs: ['users'] }, async (t) => {
    const { uid, gid } = await attributesOf(t, await newFolder(t, 'his', { user: BOB }));
    equal('owner', { uid, gid }, { uid: BOB.uid, gid: BOB.gid });
  }),
  must('parent-links', 'the directory above gets a link (or has 1)', { clause: 'RFC 1094 §2.3.5' }, async (t) => {
    const dir = await t.folder2();
    const before = (await attributesOf(t, dir)).nlink;
    await newFolder(t);
    // btrfs counts no subdirectories.
    equal('nlink', (await attributesOf(t, dir)).nlink, before === 1 ? 1 : before + 1);
  }),
  ...makingCases((t, dir, name, user) =>
    nfs2(t, user).MKDIR({ where: { dir, name }, attributes: sattr2({ mode: 0o755 }) }),
  ),
]);
