import { cases, linux, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, fails, ok, present } from '../expect.ts';
import { NFS3, type sattr3 } from '../programs/nfs3.ts';
import {
  around,
  attributesOf,
  BOB,
  contentOf,
  GARBAGE_HANDLE,
  handleOf,
  movedOn,
  NEVER_GIVEN,
  newFile,
  newFolder,
  newLink,
  sattr,
  staleFolder,
  statusOfName,
  TOO_LONG,
  tellsTruth,
  wccIsTold,
  wccTellsTruth,
} from './tools.ts';

const VERIFIER = Buffer.from('verifier');
const OTHER_VERIFIER = Buffer.from('another.');

const unchecked = (set: Partial<sattr3> = {}) => ({ mode: 'UNCHECKED', obj_attributes: sattr(set) }) as const;
const guarded = (set: Partial<sattr3> = {}) => ({ mode: 'GUARDED', obj_attributes: sattr(set) }) as const;
const exclusive = (verf: Buffer) => ({ mode: 'EXCLUSIVE', verf }) as const;
const where = async (t: Context, name = 'new') => ({ dir: await t.folder(), name });

export const CREATE = cases({ program: NFS3, procedure: 'CREATE', clause: 'RFC 1813 §3.3.8' }, [
  must('unchecked-new', 'UNCHECKED, a new name: an empty file with that mode', async (t) => {
    ok(await t.nfs.CREATE({ where: await where(t), how: unchecked({ mode: 0o604 }) }));
    const { type, mode, size } = await attributesOf(t.nfs, await handleOf(t.nfs, await t.folder(), 'new'));
    equal('attributes', { type, mode, size }, { type: 'NF3REG', mode: 0o604, size: 0n });
  }),
  must('unchecked-existing', 'UNCHECKED, a file that is there: success, and its content stays', async (t) => {
    const file = await newFile(t, 'new', { data: 'kept' });
    ok(await t.nfs.CREATE({ where: await where(t), how: unchecked() }));
    equal('content', (await contentOf(t.nfs, file)).toString(), 'kept');
  }),
  must('unchecked-truncates', 'UNCHECKED with size 0 on a file that is there: it is emptied', async (t) => {
    const file = await newFile(t, 'new', { data: 'gone' });
    ok(await t.nfs.CREATE({ where: await where(t), how: unchecked({ size: 0n }) }));
    equal('size', (await attributesOf(t.nfs, file)).size, 0n);
  }),
  must('guarded-new', 'GUARDED, a new name: success', async (t) => {
    ok(await t.nfs.CREATE({ where: await where(t), how: guarded({ mode: 0o600 }) }));
    equal('LOOKUP', await statusOfName(t.nfs, await t.folder(), 'new'), 'NFS3_OK');
  }),
  must('guarded-existing', 'GUARDED, a name that is there: NFS3ERR_EXIST, and nothing is changed', async (t) => {
    const file = await newFile(t, 'new', { data: 'kept', mode: 0o640 });
    fails(await t.nfs.CREATE({ where: await where(t), how: guarded({ size: 0n, mode: 0o777 }) }), 'NFS3ERR_EXIST');
    const { size, mode } = await attributesOf(t.nfs, file);
    equal('attributes', { size, mode }, { size: 4n, mode: 0o640 });
  }),
  must('exclusive-new', 'EXCLUSIVE, a new name: a regular file', async (t) => {
    ok(await t.nfs.CREATE({ where: await where(t), how: exclusive(VERIFIER) }));
    const file = await handleOf(t.nfs, await t.folder(), 'new');
    const { type, size } = await attributesOf(t.nfs, file);
    equal('attributes', { type, size }, { type: 'NF3REG', size: 0n });
  }),
  must('exclusive-replay', 'EXCLUSIVE again with the same verifier: success, the same file', async (t) => {
    ok(await t.nfs.CREATE({ where: await where(t), how: exclusive(VERIFIER) }));
    const file = await handleOf(t.nfs, await t.folder(), 'new');
    ok(await t.nfs.CREATE({ where: await where(t), how: exclusive(VERIFIER) }));
    equal('handle', await handleOf(t.nfs, await t.folder(), 'new'), file);
  }),
  must('exclusive-other-verifier', 'EXCLUSIVE with another verifier: NFS3ERR_EXIST', async (t) => {
    ok(await t.nfs.CREATE({ where: await where(t), how: exclusive(VERIFIER) }));
    fails(await t.nfs.CREATE({ where: await where(t), how: exclusive(OTHER_VERIFIER) }), 'NFS3ERR_EXIST');
  }),
  must('exclusive-existing', 'EXCLUSIVE on a file made otherwise: NFS3ERR_EXIST', async (t) => {
    await newFile(t, 'new');
    fails(await t.nfs.CREATE({ where: await where(t), how: exclusive(VERIFIER) }), 'NFS3ERR_EXIST');
  }),
  must('handle-true', 'a told handle is the one LOOKUP gives, told attributes are true', async (t) => {
    const made = ok(await t.nfs.CREATE({ where: await where(t), how: unchecked() }));
    const found = await handleOf(t.nfs, await t.folder(), 'new');
    equal('obj', made.obj ?? found, found);
    tellsTruth('obj_attributes', made.obj_attributes, await attributesOf(t.nfs, found));
  }),
  should('handle-told', 'handle and attributes come with it, which saves a LOOKUP', async (t) => {
    const made = ok(await t.nfs.CREATE({ where: await where(t), how: unchecked() }));
    present('obj', made.obj);
    present('obj_attributes', made.obj_attributes);
  }),
  must('wcc-true', 'dir_wcc tells the truth', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const at = await where(t);
    const made = await around(t, at.dir, () => t.nfs.CREATE({ where: at, how: unchecked() }));
    wccTellsTruth(ok(made.result).dir_wcc, made.before, made.after);
  }),
  should('wcc-told', 'both halves of dir_wcc come with it', { clause: 'RFC 1813 §2.6' }, async (t) => {
    wccIsTold(ok(await t.nfs.CREATE({ where: await where(t), how: unchecked() })).dir_wcc);
  }),
  must('wcc-true-on-failure', 'dir_wcc tells the truth when it fails', { clause: 'RFC 1813 §2.6' }, async (t) => {
    await newFile(t, 'new');
    const at = await where(t);
    const made = await around(t, at.dir, () => t.nfs.CREATE({ where: at, how: guarded() }));
    wccTellsTruth(fails(made.result, 'NFS3ERR_EXIST').dir_wcc, made.before, made.after);
  }),
  must('directory-times', "the directory's mtime and ctime move on", { clause: 'RFC 1813 §2.5' }, async (t) => {
    const at = await where(t);
    const made = await around(t, at.dir, () => t.nfs.CREATE({ where: at, how: unchecked() }));
    movedOn('mtime', made.before, made.after);
    movedOn('ctime', made.before, made.after);
  }),
  must('sets-size', 'UNCHECKED with a size: a file of that size, of zeros', async (t) => {
    ok(await t.nfs.CREATE({ where: await where(t), how: unchecked({ size: 10n }) }));
    const file = await handleOf(t.nfs, await t.folder(), 'new');
    equal('content', await contentOf(t.nfs, file), Buffer.alloc(10));
  }),
  must('on-a-directory', "UNCHECKED on a directory's name: NFS3ERR_EXIST", async (t) => {
    await newFolder(t, 'new');
    fails(
      await t.nfs.CREATE({ where: await where(t), how: unchecked() }),
      'NFS3ERR_EXIST',
      // Not in §3.3.8's list, but what open(2) says, and Linux's server with it.
      'NFS3ERR_ISDIR',
    );
  }),
  must('symlink-not-followed', "on a symbolic link's name: its target is not made", async (t) => {
    await newLink(t, 'new', 'escaped');
    await t.nfs.CREATE({ where: await where(t), how: unchecked() });
    equal('LOOKUP of the target', await statusOfName(t.nfs, await t.folder(), 'escaped'), 'NFS3ERR_NOENT');
  }),
  must('in-a-file', 'in a regular file: NFS3ERR_NOTDIR', async (t) => {
    const dir = await newFile(t);
    fails(await t.nfs.CREATE({ where: { dir, name: 'any' }, how: unchecked() }), 'NFS3ERR_NOTDIR');
  }),
  must('no-write-permission', 'without write permission: NFS3ERR_ACCES', { needs: ['users'] }, async (t) => {
    const dir = await newFolder(t, 'folder', { mode: 0o755 });
    fails(await t.as(BOB).CREATE({ where: { dir, name: 'any' }, how: unchecked() }), 'NFS3ERR_ACCES');
    equal('LOOKUP', await statusOfName(t.nfs, dir, 'any'), 'NFS3ERR_NOENT');
  }),
  must('name-too-long', 'a name of 300 bytes: NFS3ERR_NAMETOOLONG', async (t) => {
    fails(await t.nfs.CREATE({ where: await where(t, TOO_LONG), how: unchecked() }), 'NFS3ERR_NAMETOOLONG');
  }),
  must('slash-in-name', 'a name with a slash makes nothing elsewhere', { clause: 'RFC 1813 §3.2' }, async (t) => {
    const dir = await newFolder(t);
    const { status } = await t.nfs.CREATE({ where: { dir, name: '../escaped' }, how: unchecked() });
    check(status !== 'NFS3_OK', 'an error', status);
    equal('LOOKUP above', await statusOfName(t.nfs, await t.folder(), 'escaped'), 'NFS3ERR_NOENT');
  }),
  must('dot-names', '"." and "..": an error', { clause: 'RFC 1813 §3.2' }, async (t) => {
    for (const name of ['.', '..']) {
      const { status } = await t.nfs.CREATE({ where: await where(t, name), how: guarded() });
      check(status !== 'NFS3_OK', `an error for "${name}"`, status);
    }
  }),
  must('empty-name', 'a name of no bytes: an error', { clause: 'RFC 1813 §3.2' }, async (t) => {
    const { status } = await t.nfs.CREATE({ where: await where(t, ''), how: unchecked() });
    check(status !== 'NFS3_OK', 'an error', status);
  }),
  linux(
    'umask-is-the-clients',
    'the mode is taken as it is: the umask was applied by the client',
    { clause: 'umask(2)' },
    async (t) => {
      const file = await newFile(t, 'file', { mode: 0o777 });
      equal('mode', (await attributesOf(t.nfs, file)).mode, 0o777);
    },
  ),
  must('stale-directory', 'in a removed directory: NFS3ERR_STALE', { clause: 'RFC 1813 §2.6' }, async (t) => {
    const dir = await staleFolder(t);
    fails(await t.nfs.CREATE({ where: { dir, name: 'any' }, how: unchecked() }), 'NFS3ERR_STALE');
  }),
  must('garbage-handle', 'in a handle of no server: NFS3ERR_BADHANDLE', { clause: 'RFC 1813 §2.6' }, async (t) => {
    fails(await t.nfs.CREATE({ where: { dir: GARBAGE_HANDLE, name: 'any' }, how: unchecked() }), ...NEVER_GIVEN);
  }),
]);
