/**
 * The codecs that the load is made of, written by hand: the same types as those of their names in types.ts, byte for byte.
 * Only what a server does of each is: arguments are read here, results written. The rest is the declaration's.
 */
import { padding, putUint32, type Xdr, type XdrReader, type XdrWriter } from '../../xdr/index.ts';
import { FATTR3_BYTES, POST_OP_ATTR_BYTES, post_op_attr, putFattr3, wcc_data } from './attributes.ts';
import { NFS3_OK } from './status.ts';
import * as declared from './types.ts';
import { type entryplus3, filename3, nfs_fh3, stable_how } from './types.ts';

function args<T>(declaration: Xdr<T>, read: (from: XdrReader) => T): Xdr<T> {
  return { read, write: declaration.write };
}

function res<T>(declaration: Xdr<T>, write: (to: XdrWriter, value: T) => void): Xdr<T> {
  return { read: declaration.read, write };
}

export const GETATTR3args = args(declared.GETATTR3args, (from) => ({ object: nfs_fh3.read(from) }));

export const GETATTR3res = res(declared.GETATTR3res, (to, value) => {
  if (value.status !== NFS3_OK) {
    to.uint32(value.status);
    return;
  }
  const at = to.reserve(4 + FATTR3_BYTES);
  putUint32(to.buffer, at, NFS3_OK);
  putFattr3(to.buffer, at + 4, value.obj_attributes);
});

export const LOOKUP3args = args(declared.LOOKUP3args, (from) => ({
  what: { dir: nfs_fh3.read(from), name: filename3.read(from) },
}));

export const LOOKUP3res = res(declared.LOOKUP3res, (to, value) => {
  to.uint32(value.status);
  if (value.status === NFS3_OK) {
    to.opaque(value.object);
    post_op_attr.write(to, value.obj_attributes);
  }
  post_op_attr.write(to, value.dir_attributes);
});

export const ACCESS3args = args(declared.ACCESS3args, (from) => ({
  object: nfs_fh3.read(from),
  access: from.uint32(),
}));

export const ACCESS3res = res(declared.ACCESS3res, (to, value) => {
  to.uint32(value.status);
  post_op_attr.write(to, value.obj_attributes);
  if (value.status === NFS3_OK) to.uint32(value.access);
});

export const READ3args = args(declared.READ3args, (from) => ({
  file: nfs_fh3.read(from),
  offset: from.size64(),
  count: from.uint32(),
}));

export const READ3res = res(declared.READ3res, (to, value) => {
  to.uint32(value.status);
  post_op_attr.write(to, value.file_attributes);
  if (value.status !== NFS3_OK) return;
  const at = to.reserve(8);
  putUint32(to.buffer, at, value.count);
  putUint32(to.buffer, at + 4, value.eof ? 1 : 0);
  to.bulk(value.data.bytes, value.data.release);
});

export const WRITE3args = args(declared.WRITE3args, (from) => ({
  file: nfs_fh3.read(from),
  offset: from.size64(),
  count: from.uint32(),
  stable: stable_how.read(from),
  data: from.segments(from.remaining),
}));

export const WRITE3res = res(declared.WRITE3res, (to, value) => {
  to.uint32(value.status);
  wcc_data.write(to, value.file_wcc);
  if (value.status !== NFS3_OK) return;
  const at = to.reserve(8);
  putUint32(to.buffer, at, value.count);
  putUint32(to.buffer, at + 4, value.committed);
  to.fixed(value.verf);
});

export const READDIRPLUS3res = res(declared.READDIRPLUS3res, (to, value) => {
  to.uint32(value.status);
  post_op_attr.write(to, value.dir_attributes);
  if (value.status !== NFS3_OK) return;
  to.fixed(value.cookieverf);
  for (const entry of value.reply.entries) writeEntryplus3(to, entry);
  const at = to.reserve(8);
  putUint32(to.buffer, at, 0);
  putUint32(to.buffer, at + 4, value.reply.eof ? 1 : 0);
});

function writeEntryplus3(to: XdrWriter, { fileid, name, cookie, name_attributes, name_handle }: entryplus3): void {
  const nameBytes = name.length + padding(name.length);
  let at = to.reserve(ENTRY_BYTES + nameBytes);
  const { buffer } = to;
  putUint32(buffer, at, 1);
  buffer.writeBigUInt64BE(fileid, at + 4);
  putOpaque(buffer, at + 12, name);
  buffer.writeBigUInt64BE(cookie, at + 16 + nameBytes);
  post_op_attr.write(to, name_attributes);
  if (name_handle === undefined) {
    to.uint32(0);
    return;
  }
  at = to.reserve(8 + name_handle.length + padding(name_handle.length));
  putUint32(to.buffer, at, 1);
  putOpaque(to.buffer, at + 4, name_handle);
}

/** `opaque<>` into space that is long enough, fill bytes too. */
function putOpaque(buffer: Buffer, at: number, bytes: Buffer): void {
  const { length } = bytes;
  putUint32(buffer, at, length);
  buffer.set(bytes, at + 4);
  const end = at + 4 + length;
  for (let i = padding(length); i > 0; i--) buffer[end + i - 1] = 0;
}

/** `entry3` without its name's bytes: the list's boolean, fileid, the name's length, cookie. */
const ENTRY_BYTES = 4 + 8 + 4 + 8;

/** @returns the bytes of an `entry3` in its list. */
export function entryBytes(name: Buffer): number {
  return ENTRY_BYTES + name.length + padding(name.length);
}

/** Most bytes that an entry's attributes and handle add to it in READDIRPLUS. */
export const PLUS_BYTES = POST_OP_ATTR_BYTES + 4 + 4 + declared.NFS3_FHSIZE;

/** A directory reply's `resok` without entries: attributes, verifier, the list's end, eof. */
export const DIRLIST_BYTES = POST_OP_ATTR_BYTES + 8 + 4 + 4;
