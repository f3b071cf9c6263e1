import { cases, linux, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { equal, ok, present } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { handleCases } from './common.ts';
import { attributesOf, BOB, CAROL, newFile, newFolder, ROOT, sattr, tellsTruth } from './tools.ts';

const READ = 0x01;
const LOOKUP = 0x02;
const MODIFY = 0x04;
const EXTEND = 0x08;
const DELETE = 0x10;
const EXECUTE = 0x20;
const ALL = READ | LOOKUP | MODIFY | EXTEND | DELETE | EXECUTE;
/** What has a meaning for a regular file: RFC 1813 §3.3.4 says of the others that they mean nothing there. */
const OF_FILE = READ | MODIFY | EXTEND | EXECUTE;
const OF_DIRECTORY = READ | LOOKUP | MODIFY | EXTEND;

async function granted(nfs: Context['nfs'], object: Buffer, access = ALL): Promise<number> {
  return ok(await nfs.ACCESS({ object, access })).access;
}

export const ACCESS = cases({ program: NFS3, procedure: 'ACCESS', clause: 'RFC 1813 §3.3.4' }, [
  must('owner-of-file', 'the owner of a file of mode 0640: READ, MODIFY, EXTEND', { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { mode: 0o640 });
    equal('access', (await granted(t.nfs, file)) & OF_FILE, READ | MODIFY | EXTEND);
  }),
  must('group-of-file', 'its group: READ', { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { mode: 0o640 });
    equal('access', (await granted(t.as(CAROL), file)) & OF_FILE, READ);
  }),
  must('others-of-file', 'others: nothing', { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { mode: 0o640 });
    equal('access', (await granted(t.as(BOB), file)) & OF_FILE, 0);
  }),
  must('execute', 'a file of mode 0711 for others: EXECUTE alone', { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { mode: 0o711 });
    equal('access', (await granted(t.as(BOB), file)) & (MODIFY | EXTEND | EXECUTE), EXECUTE);
  }),
  must('no-execute', 'a file of mode 0600 for its owner: not EXECUTE', { needs: ['users'] }, async (t) => {
    equal('access', (await granted(t.nfs, await newFile(t, 'file', { mode: 0o600 }))) & EXECUTE, 0);
  }),
  must(
    'owner-of-directory',
    'the owner of a directory: READ, LOOKUP, MODIFY, EXTEND',
    { needs: ['users'] },
    async (t) => {
      const folder = await newFolder(t, 'folder', { mode: 0o700 });
      equal('access', (await granted(t.nfs, folder)) & OF_DIRECTORY, OF_DIRECTORY);
    },
  ),
  must(
    'directory-without-x',
    'a directory of mode 0744 for others: READ, not LOOKUP',
    { needs: ['users'] },
    async (t) => {
      const folder = await newFolder(t, 'folder', { mode: 0o744 });
      equal('access', (await granted(t.as(BOB), folder)) & OF_DIRECTORY, READ);
    },
  ),
  must(
    'directory-without-r',
    'a directory of mode 0711 for others: LOOKUP, not READ',
    { needs: ['users'] },
    async (t) => {
      const folder = await newFolder(t, 'folder', { mode: 0o711 });
      equal('access', (await granted(t.as(BOB), folder)) & OF_DIRECTORY, LOOKUP);
    },
  ),
  must('delete', 'DELETE in a directory follows its write permission', { needs: ['users'] }, async (t) => {
    const folder = await newFolder(t, 'folder', { mode: 0o755 });
    equal('access of the owner', (await granted(t.nfs, folder)) & DELETE, DELETE);
    equal('access of others', (await granted(t.as(BOB), folder)) & DELETE, 0);
  }),
  must('only-what-was-asked', 'nothing is granted that was not asked for', async (t) => {
    const file = await newFile(t, 'file', { mode: 0o700 });
    for (const asked of [0, READ, MODIFY, READ | EXECUTE]) {
      equal(`access beyond 0x${asked.toString(16)}`, (await granted(t.nfs, file, asked)) & ~asked, 0);
    }
  }),
  should('unknown-bits', 'bits without a meaning are not granted', async (t) => {
    const access = await granted(t.nfs, await newFile(t, 'file', { mode: 0o777 }), 0xffff_ffff);
    equal('bits above 0x3f', (access & ~ALL) >>> 0, 0);
  }),
  must('root', "root may read and write everybody's file", { needs: ['root'] }, async (t) => {
    const file = await newFile(t, 'file', { mode: 0 });
    equal('access', (await granted(t.as(ROOT), file)) & (READ | MODIFY | EXTEND), READ | MODIFY | EXTEND);
  }),
  linux('follows-chmod', 'it follows a change of mode at once', { needs: ['users'] }, async (t) => {
    const file = await newFile(t, 'file', { mode: 0o600 });
    equal('access before', (await granted(t.as(BOB), file)) & READ, 0);
    const mode = sattr({ mode: 0o604 });
    ok(await t.nfs.SETATTR({ object: file, new_attributes: mode, guard: undefined }));
    equal('access after', (await granted(t.as(BOB), file)) & READ, READ);
  }),
  must('attributes-true', 'told attributes are true', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const object = await newFile(t);
    const { obj_attributes } = ok(await t.nfs.ACCESS({ object, access: ALL }));
    tellsTruth('obj_attributes', obj_attributes, await attributesOf(t.nfs, object));
  }),
  should('attributes-told', 'attributes come with it', async (t) => {
    present('obj_attributes', ok(await t.nfs.ACCESS({ object: await t.folder(), access: ALL })).obj_attributes);
  }),
  ...handleCases((t, object) => t.nfs.ACCESS({ object, access: ALL })),
]);
