import type { Context } from '../context.ts';
import { check, equal, ok, present } from '../expect.ts';
import { sattr } from '../housekeeping.ts';
import type { fattr3, NFS3, nfstime3, post_op_attr, sattr3, wcc_data } from '../programs/nfs3.ts';
import type { Client } from '../rpc/client.ts';

export { sattr } from '../housekeeping.ts';
export { ALICE, BOB, CAROL, ROOT } from '../target.ts';

export type Nfs3 = Client<typeof NFS3>;

/** A name longer than any file system takes. */
export const TOO_LONG = 'n'.repeat(300);
export const NO_VERIFIER: Buffer = Buffer.alloc(8);

/** GETATTR, which has to succeed. */
export async function attributesOf(nfs: Nfs3, object: Buffer): Promise<fattr3> {
  return ok(await nfs.GETATTR({ object })).obj_attributes;
}

/** LOOKUP, which has to succeed. */
export async function handleOf(nfs: Nfs3, dir: Buffer, name: string): Promise<Buffer> {
  return ok(await nfs.LOOKUP({ what: { dir, name } })).object;
}

/** The status of a LOOKUP: whether a name is there. */
export async function statusOfName(nfs: Nfs3, dir: Buffer, name: string): Promise<string> {
  return (await nfs.LOOKUP({ what: { dir, name } })).status;
}

interface New extends Partial<sattr3> {
  /** Where; the case's own folder unless said otherwise. */
  readonly dir?: Buffer;
  /** As whom; ALICE unless said otherwise. */
  readonly nfs?: Nfs3;
}

/** A new regular file, with `data` in it if there is any. Gives its handle. */
export async function newFile(
  t: Context,
  name = 'file',
  { dir, nfs = t.nfs, data, ...set }: New & { readonly data?: Buffer | string } = {},
): Promise<Buffer> {
  const where = { dir: dir ?? (await t.folder()), name };
  ok(await nfs.CREATE({ where, how: { mode: 'GUARDED', obj_attributes: sattr({ mode: 0o644, ...set }) } }));
  const file = await handleOf(nfs, where.dir, name);
  if (data !== undefined) await writeAll(nfs, file, data);
  return file;
}

export async function newFolder(t: Context, name = 'folder', { dir, nfs = t.nfs, ...set }: New = {}): Promise<Buffer> {
  const where = { dir: dir ?? (await t.folder()), name };
  ok(await nfs.MKDIR({ where, attributes: sattr({ mode: 0o755, ...set }) }));
  return handleOf(nfs, where.dir, name);
}

export async function newLink(t: Context, name = 'symlink', target = 'target', dir?: Buffer): Promise<Buffer> {
  const where = { dir: dir ?? (await t.folder()), name };
  ok(await t.nfs.SYMLINK({ where, symlink: { symlink_attributes: sattr(), symlink_data: target } }));
  return handleOf(t.nfs, where.dir, name);
}

/** Writes to stable storage at an offset, all of it. */
export async function writeAll(nfs: Nfs3, file: Buffer, data: Buffer | string, offset = 0n): Promise<void> {
  const bytes = Buffer.from(data);
  const written = ok(await nfs.WRITE({ file, offset, count: bytes.length, stable: 'FILE_SYNC', data: bytes }));
  equal('count', written.count, bytes.length);
}

/** The first bytes of a file. */
export async function contentOf(nfs: Nfs3, file: Buffer, count = 4096): Promise<Buffer> {
  return ok(await nfs.READ({ file, offset: 0n, count })).data;
}

/** A handle that named a file which is gone. */
export async function staleHandle(t: Context): Promise<Buffer> {
  const file = await newFile(t, 'gone');
  ok(await t.nfs.REMOVE({ object: { dir: await t.folder(), name: 'gone' } }));
  return file;
}

/** The handle of a directory that is gone. */
export async function staleFolder(t: Context): Promise<Buffer> {
  const folder = await newFolder(t, 'gone');
  ok(await t.nfs.RMDIR({ object: { dir: await t.folder(), name: 'gone' } }));
  return folder;
}

/** What a server may say to a handle that it never gave out. */
export const NEVER_GIVEN = ['NFS3ERR_BADHANDLE', 'NFS3ERR_STALE'] as const;
/** Bytes that are no server's handle. */
export const GARBAGE_HANDLE = Buffer.alloc(32, 0xa5);

export function later(a: nfstime3, b: nfstime3): boolean {
  return a.seconds > b.seconds || (a.seconds === b.seconds && a.nseconds > b.nseconds);
}

/** Throws unless the time in `after` is later than in `before`. */
export function movedOn(field: 'mtime' | 'ctime' | 'atime', before: fattr3, after: fattr3): void {
  check(later(after[field], before[field]), `${field} later than ${stamp(before[field])}`, stamp(after[field]));
}

export function stayed(field: 'mtime' | 'ctime', before: fattr3, after: fattr3): void {
  check(stamp(after[field]) === stamp(before[field]), `${field} to stay ${stamp(before[field])}`, stamp(after[field]));
}

const stamp = ({ seconds, nseconds }: nfstime3) => `${seconds}.${String(nseconds).padStart(9, '0')}`;

/** What must agree between two looks at an object that nothing happened to. Access time and blocks may move by themselves. */
export function settled({ atime: _, used: __, ...rest }: fattr3): Omit<fattr3, 'atime' | 'used'> {
  return rest;
}

/** Attributes that came with a reply, if they came, are those that GETATTR tells (RFC 1813 §2.6). */
export function tellsTruth(what: string, told: post_op_attr, truth: fattr3): void {
  if (told !== undefined) equal(what, settled(told), settled(truth));
}

/**
 * wcc_data (RFC 1813 §2.6): each half may be left out; what is told has to be what GETATTR said before the call, and says
 * after it.
 */
export function wccTellsTruth(wcc: wcc_data, before: fattr3, after: fattr3): void {
  if (wcc.before !== undefined) {
    const { size, mtime, ctime } = before;
    equal('wcc before', wcc.before, { size, mtime, ctime });
  }
  tellsTruth('wcc after', wcc.after, after);
}

/** Both halves of wcc_data are there. */
export function wccIsTold(wcc: wcc_data): void {
  present('wcc before', wcc.before);
  present('wcc after', wcc.after);
}

/** Does something to an object, and gives its attributes from before and after with what came of it. */
export async function around<T>(
  t: Context,
  object: Buffer,
  work: () => Promise<T>,
): Promise<{ before: fattr3; after: fattr3; result: T }> {
  const before = await attributesOf(t.nfs, object);
  await t.tick();
  const result = await work();
  return { before, result, after: await attributesOf(t.nfs, object) };
}
