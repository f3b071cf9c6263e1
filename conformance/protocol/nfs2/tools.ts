import type { Context } from '../context.ts';
import { check, equal, fails, ok } from '../expect.ts';
import { type fattr, NFS2, type nfsstat, type sattr } from '../programs/nfs2.ts';
import type { Client, User } from '../rpc/client.ts';
import { RpcRefused, refusalOf } from '../rpc/failures.ts';
import { ALICE } from '../target.ts';

export { ALICE, BOB, CAROL, ROOT } from '../target.ts';

export type Nfs2 = Client<typeof NFS2>;
export type timeval = fattr['mtime'];
export type Answer = { readonly status: nfsstat };

/** MAXDATA (RFC 1094 §2.2): the most bytes of one READ or WRITE. */
export const MAXDATA = 8192;
/** MAXPATHLEN and MAXNAMLEN (RFC 1094 §2.2). */
export const MAXPATHLEN = 1024;
export const MAXNAMLEN = 255;
/** -1 in a field of `sattr` (RFC 1094 §2.3.6). */
export const UNSET = 0xffff_ffff;
const NO_TIME = { seconds: UNSET, useconds: UNSET };
/** The bits of a mode that are not the type. */
export const PERMISSIONS = 0o7777;
/** Bytes that are no server's handle. */
export const GARBAGE_HANDLE = Buffer.alloc(32, 0xa5);

export function nfs2(t: Context, user?: User): Nfs2 {
  return t.on(NFS2, user);
}

/** `sattr` that sets nothing but what is named. */
export function sattr2(set: Partial<sattr> = {}): sattr {
  return { ...{ mode: UNSET, uid: UNSET, gid: UNSET, size: UNSET, atime: NO_TIME, mtime: NO_TIME }, ...set };
}

/** GETATTR, which has to succeed. */
export async function attributesOf(t: Context, file: Buffer): Promise<fattr> {
  return ok(await nfs2(t).GETATTR(file)).attributes;
}

/** LOOKUP, which has to succeed. */
export async function handleOf(t: Context, dir: Buffer, name: string): Promise<Buffer> {
  return ok(await nfs2(t).LOOKUP({ dir, name })).file;
}

/** The status of a LOOKUP: whether a name is there. */
export async function statusOfName(t: Context, dir: Buffer, name: string): Promise<string> {
  return (await nfs2(t).LOOKUP({ dir, name })).status;
}

/** Which of the names are there. */
export async function namesIn(t: Context, dir: Buffer, ...candidates: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of candidates) if ((await statusOfName(t, dir, name)) === 'NFS_OK') found.push(name);
  return found;
}

interface New extends Partial<sattr> {
  /** Where; the case's own folder unless said otherwise. */
  readonly dir?: Buffer;
  /** As whom; ALICE unless said otherwise. */
  readonly user?: User;
}

/** A new regular file, with `data` in it if there is any. Gives its handle. */
export async function newFile(
  t: Context,
  name = 'file',
  { dir, user = ALICE, data, ...set }: New & { readonly data?: Buffer | string } = {},
): Promise<Buffer> {
  const where = { dir: dir ?? (await t.folder2()), name };
  const attributes = sattr2({ mode: 0o644, size: 0, ...set });
  const { file } = ok(await nfs2(t, user).CREATE({ where, attributes }));
  if (data !== undefined) ok(await write(t, file, data));
  return file;
}

export async function newFolder(t: Context, name = 'folder', { dir, user = ALICE, ...set }: New = {}): Promise<Buffer> {
  const where = { dir: dir ?? (await t.folder2()), name };
  return ok(await nfs2(t, user).MKDIR({ where, attributes: sattr2({ mode: 0o755, ...set }) })).file;
}

export async function newLink(t: Context, name = 'symlink', to = 'target', dir?: Buffer): Promise<Buffer> {
  const from = { dir: dir ?? (await t.folder2()), name };
  ok(await nfs2(t).SYMLINK({ from, to, attributes: sattr2({ mode: 0o777 }) }));
  return handleOf(t, from.dir, name);
}

/** WRITE of all of `data`; ALICE unless said otherwise. */
export function write(t: Context, file: Buffer, data: Buffer | string, offset = 0, user: User = ALICE) {
  const bytes = Buffer.from(data);
  return nfs2(t, user).WRITE({ file, beginoffset: offset, offset, totalcount: bytes.length, data: bytes });
}

export function read(t: Context, file: Buffer, offset = 0, count = MAXDATA, user: User = ALICE) {
  return nfs2(t, user).READ({ file, offset, count, totalcount: 0 });
}

/** The first 8192 bytes of a file. */
export async function contentOf(t: Context, file: Buffer): Promise<Buffer> {
  return ok(await read(t, file)).data;
}

/** A handle that named a file which is gone. */
export async function staleHandle(t: Context): Promise<Buffer> {
  const file = await newFile(t, 'gone');
  ok(await nfs2(t).REMOVE({ dir: await t.folder2(), name: 'gone' }));
  return file;
}

/** The handle of a directory that is gone. */
export async function staleFolder(t: Context): Promise<Buffer> {
  const folder = await newFolder(t, 'gone');
  ok(await nfs2(t).RMDIR({ dir: await t.folder2(), name: 'gone' }));
  return folder;
}

/**
 * How a call ended. What is longer than the protocol's bounds, or is no name, is no argument either: a server may find so
 * when it decodes the call (RFC 5531 §9), before it has a status to say it with.
 */
export async function outcomeOf(calling: Promise<Answer>): Promise<nfsstat | 'GARBAGE_ARGS'> {
  try {
    return (await calling).status;
  } catch (error) {
    if (error instanceof RpcRefused && refusalOf(error.body) === 'GARBAGE_ARGS') return 'GARBAGE_ARGS';
    throw error;
  }
}

/** Throws unless the call was refused, by whichever word; RFC 1094 has none for many things. */
export async function isRefused(what: string, calling: Promise<Answer>): Promise<void> {
  const outcome = await outcomeOf(calling);
  check(outcome !== 'NFS_OK', `an error for ${what}`, outcome);
}

/** What servers say of an operation that makes no sense for the object: RFC 1094 has no word for it. */
export function makesNoSense<R extends Answer>(res: R): void {
  fails(res, 'NFSERR_IO', 'NFSERR_INVAL', 'NFSERR_NXIO', 'NFSERR_PERM', 'NFSERR_ACCES', 'NFSERR_ISDIR', 'NFSERR_NODEV');
}

const stamp = ({ seconds, useconds }: timeval) => `${seconds}.${String(useconds).padStart(6, '0')}`;

export function later(a: timeval, b: timeval): boolean {
  return a.seconds > b.seconds || (a.seconds === b.seconds && a.useconds > b.useconds);
}

/** Throws unless the time in `after` is later than in `before`. */
export function movedOn(field: 'mtime' | 'ctime', before: fattr, after: fattr): void {
  check(later(after[field], before[field]), `${field} later than ${stamp(before[field])}`, stamp(after[field]));
}

export function stayed(field: 'mtime' | 'ctime' | 'atime', before: fattr, after: fattr): void {
  check(stamp(after[field]) === stamp(before[field]), `${field} to stay ${stamp(before[field])}`, stamp(after[field]));
}

/** Attributes that came with a reply are those that GETATTR tells. Access time and blocks may move by themselves. */
export function tellsTruth(told: fattr, truth: fattr): void {
  const settled = ({ atime: _, blocks: __, ...rest }: fattr) => rest;
  equal('attributes', settled(told), settled(truth));
}

/** Does something to an object, and gives its attributes from before and after with what came of it. */
export async function around<T>(
  t: Context,
  object: Buffer,
  work: () => Promise<T>,
): Promise<{ before: fattr; after: fattr; result: T }> {
  const before = await attributesOf(t, object);
  await t.tick();
  const result = await work();
  return { before, result, after: await attributesOf(t, object) };
}
