import { type Draft, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, fails, ok } from '../expect.ts';
import type { User } from '../rpc/client.ts';
import {
  type Answer,
  around,
  BOB,
  GARBAGE_HANDLE,
  isRefused,
  MAXNAMLEN,
  movedOn,
  namesIn,
  newFile,
  newFolder,
  newLink,
  outcomeOf,
  staleFolder,
  staleHandle,
  statusOfName,
  stayed,
} from './tools.ts';

/** What every procedure on one object answers to handles that name nothing. */
export function handleCases(use: (t: Context, handle: Buffer) => Promise<Answer>): Draft[] {
  return [
    must('stale', 'a removed file: NFSERR_STALE', { clause: 'RFC 1094 §2.3.1' }, async (t) => {
      fails(await use(t, await staleHandle(t)), 'NFSERR_STALE');
    }),
    must('garbage-handle', 'a handle of no server: NFSERR_STALE', { clause: 'RFC 1094 §2.3.1' }, async (t) => {
      fails(await use(t, GARBAGE_HANDLE), 'NFSERR_STALE');
    }),
  ];
}

/** What every procedure on a name in a directory answers where there is no such directory, or no such name. */
export function directoryCases(use: (t: Context, dir: Buffer, name: string) => Promise<Answer>): Draft[] {
  return [
    must('in-a-file', 'in a regular file: NFSERR_NOTDIR', { clause: 'RFC 1094 §2.3.1' }, async (t) => {
      fails(await use(t, await newFile(t), 'any'), 'NFSERR_NOTDIR');
    }),
    must('in-a-symlink', 'in a symbolic link to a directory: NFSERR_NOTDIR', { clause: 'RFC 1094 §3.2' }, async (t) => {
      await newFolder(t, 'real');
      fails(await use(t, await newLink(t, 'symlink', 'real'), 'any'), 'NFSERR_NOTDIR');
    }),
    must('stale-directory', 'in a removed directory: NFSERR_STALE', { clause: 'RFC 1094 §2.3.1' }, async (t) => {
      fails(await use(t, await staleFolder(t), 'any'), 'NFSERR_STALE');
    }),
    must('garbage-handle', 'in a handle of no server: NFSERR_STALE', { clause: 'RFC 1094 §2.3.1' }, async (t) => {
      fails(await use(t, GARBAGE_HANDLE, 'any'), 'NFSERR_STALE');
    }),
    must(
      'name-too-long',
      'a name of 256 bytes: NFSERR_NAMETOOLONG, or it cannot be decoded',
      { clause: 'RFC 1094 §2.3.7' },
      async (t) => {
        const outcome = await outcomeOf(use(t, await t.folder2(), 'n'.repeat(MAXNAMLEN + 1)));
        const allowed = ['NFSERR_NAMETOOLONG', 'GARBAGE_ARGS'];
        check(allowed.includes(outcome), allowed.join(' or '), outcome);
      },
    ),
  ];
}

/** What every procedure that makes a name has in common. `make` makes it. */
export function makingCases(
  make: (t: Context, dir: Buffer, name: string, user?: User) => Promise<Answer>,
  { replacesFiles = false }: { readonly replacesFiles?: boolean } = {},
): Draft[] {
  return [
    ...directoryCases(make),
    ...(replacesFiles ? [] : takenCases(make)),
    must('longest-name', 'a name of 255 bytes', { clause: 'RFC 1094 §2.3.7' }, async (t) => {
      const dir = await t.folder2();
      const name = 'n'.repeat(MAXNAMLEN);
      ok(await make(t, dir, name));
      equal('LOOKUP', await statusOfName(t, dir, name), 'NFS_OK');
    }),
    must('no-write-permission', 'without write permission: NFSERR_ACCES', { needs: ['users'] }, async (t) => {
      const dir = await newFolder(t, 'folder', { mode: 0o755 });
      fails(await make(t, dir, 'new', BOB), 'NFSERR_ACCES');
      equal('LOOKUP', await statusOfName(t, dir, 'new'), 'NFSERR_NOENT');
    }),
    must('slash-in-name', 'a name with a slash makes nothing elsewhere', { clause: 'RFC 1094 §3.2' }, async (t) => {
      await isRefused('a slash', make(t, await newFolder(t), '../escaped'));
      equal('LOOKUP above', await statusOfName(t, await t.folder2(), 'escaped'), 'NFSERR_NOENT');
    }),
    must('dot-names', '"." and "..": an error', { clause: 'RFC 1094 §3.2' }, async (t) => {
      const dir = await newFolder(t);
      for (const name of ['.', '..']) await isRefused(`"${name}"`, make(t, dir, name));
    }),
    must('empty-name', 'a name of no bytes: an error', { clause: 'RFC 1094 §3.2' }, async (t) => {
      await isRefused('no name', make(t, await newFolder(t), ''));
    }),
    ...changeCases((t, dir) => make(t, dir, 'new')),
  ];
}

function takenCases(make: (t: Context, dir: Buffer, name: string) => Promise<Answer>): Draft[] {
  return [
    must('existing-file', "a file's name: NFSERR_EXIST, and nothing is changed", async (t) => {
      const dir = await newFolder(t);
      await newFile(t, 'new', { dir });
      const { before, after, result } = await around(t, dir, () => make(t, dir, 'new'));
      fails(result, 'NFSERR_EXIST');
      stayed('mtime', before, after);
    }),
    must('existing-directory', "a directory's name: NFSERR_EXIST, and its files stay", async (t) => {
      const folder = await newFolder(t, 'new');
      await newFile(t, 'inside', { dir: folder });
      fails(await make(t, await t.folder2(), 'new'), 'NFSERR_EXIST');
      equal('names inside', await namesIn(t, folder, 'inside'), ['inside']);
    }),
    must('existing-symlink', "a dangling symbolic link's name: NFSERR_EXIST, its target is not made", async (t) => {
      const dir = await t.folder2();
      await newLink(t, 'new', 'escaped');
      fails(await make(t, dir, 'new'), 'NFSERR_EXIST');
      equal('LOOKUP of the target', await statusOfName(t, dir, 'escaped'), 'NFSERR_NOENT');
    }),
  ];
}

/** What a change of a directory shows in its attributes. `change` succeeds in the folder that `prepare` has furnished. */
export function changeCases(
  change: (t: Context, dir: Buffer) => Promise<Answer>,
  prepare: (t: Context, dir: Buffer) => Promise<unknown> = async () => undefined,
): Draft[] {
  return [
    should('directory-times', "the directory's mtime and ctime move on", { clause: 'RFC 1094 §2.3.5' }, async (t) => {
      const dir = await newFolder(t, 'changed');
      await prepare(t, dir);
      const { before, after } = await around(t, dir, async () => ok(await change(t, dir)));
      movedOn('mtime', before, after);
      movedOn('ctime', before, after);
    }),
  ];
}
