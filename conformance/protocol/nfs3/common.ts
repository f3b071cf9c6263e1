import { type Draft, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, fails, ok } from '../expect.ts';
import type { nfsstat3, wcc_data } from '../programs/nfs3.ts';
import {
  around,
  BOB,
  GARBAGE_HANDLE,
  movedOn,
  NEVER_GIVEN,
  newFile,
  newFolder,
  newLink,
  staleFolder,
  staleHandle,
  statusOfName,
  stayed,
  TOO_LONG,
  wccIsTold,
  wccTellsTruth,
} from './tools.ts';

type Answer = { readonly status: nfsstat3 };
type WithWcc = Answer & { readonly dir_wcc: wcc_data };

/** What every procedure on one object answers to handles that name nothing (RFC 1813 §2.6). */
export function handleCases(use: (t: Context, handle: Buffer) => Promise<Answer>): Draft[] {
  return [
    must('stale', 'a removed file: NFS3ERR_STALE', { clause: 'RFC 1813 §2.6' }, async (t) => {
      fails(await use(t, await staleHandle(t)), 'NFS3ERR_STALE');
    }),
    must('garbage-handle', 'a handle of no server: NFS3ERR_BADHANDLE', { clause: 'RFC 1813 §2.6' }, async (t) => {
      fails(await use(t, GARBAGE_HANDLE), ...NEVER_GIVEN);
    }),
  ];
}

/** What every procedure on a name in a directory answers where there is no such directory. */
export function directoryCases(use: (t: Context, dir: Buffer, name: string) => Promise<Answer>): Draft[] {
  return [
    must('in-a-file', 'in a regular file: NFS3ERR_NOTDIR', async (t) => {
      fails(await use(t, await newFile(t), 'any'), 'NFS3ERR_NOTDIR');
    }),
    must('in-a-symlink', 'in a symbolic link to a directory: NFS3ERR_NOTDIR', async (t) => {
      await newFolder(t, 'real');
      fails(await use(t, await newLink(t, 'symlink', 'real'), 'any'), 'NFS3ERR_NOTDIR');
    }),
    must('stale-directory', 'in a removed directory: NFS3ERR_STALE', { clause: 'RFC 1813 §2.6' }, async (t) => {
      fails(await use(t, await staleFolder(t), 'any'), 'NFS3ERR_STALE');
    }),
    must('garbage-handle', 'in a handle of no server: NFS3ERR_BADHANDLE', { clause: 'RFC 1813 §2.6' }, async (t) => {
      fails(await use(t, GARBAGE_HANDLE, 'any'), ...NEVER_GIVEN);
    }),
    must('name-too-long', 'a name of 300 bytes: NFS3ERR_NAMETOOLONG', async (t) => {
      fails(await use(t, await t.folder(), TOO_LONG), 'NFS3ERR_NAMETOOLONG');
    }),
  ];
}

/** What every procedure that makes a name has in common. `make` makes it. */
export function makingCases(
  make: (t: Context, dir: Buffer, name: string, as?: Context['nfs']) => Promise<WithWcc>,
): Draft[] {
  return [
    ...directoryCases(make),
    must('existing-file', "a file's name: NFS3ERR_EXIST, and the file stays", async (t) => {
      const dir = await t.folder();
      await newFile(t, 'new');
      fails(await make(t, dir, 'new'), 'NFS3ERR_EXIST');
    }),
    must('existing-directory', "a directory's name: NFS3ERR_EXIST", async (t) => {
      const dir = await t.folder();
      await newFile(t, 'inside', { dir: await newFolder(t, 'new') });
      fails(await make(t, dir, 'new'), 'NFS3ERR_EXIST');
    }),
    must('existing-symlink', "a dangling symbolic link's name: NFS3ERR_EXIST, its target is not made", async (t) => {
      const dir = await t.folder();
      await newLink(t, 'new', 'escaped');
      fails(await make(t, dir, 'new'), 'NFS3ERR_EXIST');
      equal('LOOKUP of the target', await statusOfName(t.nfs, dir, 'escaped'), 'NFS3ERR_NOENT');
    }),
    must('no-write-permission', 'without write permission: NFS3ERR_ACCES', { needs: ['users'] }, async (t) => {
      const dir = await newFolder(t, 'folder', { mode: 0o755 });
      fails(await make(t, dir, 'new', t.as(BOB)), 'NFS3ERR_ACCES');
      equal('LOOKUP', await statusOfName(t.nfs, dir, 'new'), 'NFS3ERR_NOENT');
    }),
    must('slash-in-name', 'a name with a slash makes nothing elsewhere', { clause: 'RFC 1813 §3.2' }, async (t) => {
      const { status } = await make(t, await newFolder(t), '../escaped');
      check(status !== 'NFS3_OK', 'an error', status);
      equal('LOOKUP above', await statusOfName(t.nfs, await t.folder(), 'escaped'), 'NFS3ERR_NOENT');
    }),
    must('dot-names', '"." and "..": an error', { clause: 'RFC 1813 §3.2' }, async (t) => {
      for (const name of ['.', '..']) {
        const { status } = await make(t, await t.folder(), name);
        check(status !== 'NFS3_OK', `an error for "${name}"`, status);
      }
    }),
    must('empty-name', 'a name of no bytes: an error', { clause: 'RFC 1813 §3.2' }, async (t) => {
      const { status } = await make(t, await t.folder(), '');
      check(status !== 'NFS3_OK', 'an error', status);
    }),
    ...changeCases((t, dir) => make(t, dir, 'new')),
    must('wcc-true-on-failure', 'dir_wcc tells the truth when it fails', { clause: 'RFC 1813 §2.6' }, async (t) => {
      const dir = await t.folder();
      await newFile(t, 'new');
      const made = await around(t, dir, () => make(t, dir, 'new'));
      wccTellsTruth(fails(made.result, 'NFS3ERR_EXIST').dir_wcc, made.before, made.after);
      stayed('mtime', made.before, made.after);
    }),
  ];
}

/** What a change of a directory shows in its attributes. `change` succeeds in the folder that `prepare` has furnished. */
export function changeCases(
  change: (t: Context, dir: Buffer) => Promise<WithWcc>,
  prepare: (t: Context) => Promise<unknown> = async () => undefined,
): Draft[] {
  return [
    must('wcc-true', 'dir_wcc tells the truth', { clause: 'RFC 1813 §2.6' }, async (t) => {
      await prepare(t);
      const dir = await t.folder();
      const { before, after, result } = await around(t, dir, () => change(t, dir));
      equal('status', result.status, 'NFS3_OK');
      wccTellsTruth(result.dir_wcc, before, after);
    }),
    should('wcc-told', 'both halves of dir_wcc come with it', { clause: 'RFC 1813 §2.6' }, async (t) => {
      await prepare(t);
      const result = await change(t, await t.folder());
      equal('status', result.status, 'NFS3_OK');
      wccIsTold(result.dir_wcc);
    }),
    must('directory-times', "the directory's mtime and ctime move on", { clause: 'RFC 1813 §2.5' }, async (t) => {
      await prepare(t);
      const dir = await t.folder();
      const { before, after } = await around(t, dir, async () => ok(await change(t, dir)));
      movedOn('mtime', before, after);
      movedOn('ctime', before, after);
    }),
  ];
}
