import type { View } from '../../exports/contract.ts';
import { type Attributes, type Change, FileType } from '../../vfs/index.ts';
import {
  enumeration,
  optional,
  putSize64,
  putUint32,
  size64,
  struct,
  type TypeOf,
  uint32,
  type Xdr,
  type XdrReader,
} from '../../xdr/index.ts';

/** `ftype3` (RFC 1813 §2.6). */
export const ftype3 = enumeration(Object.values(FileType));

/** The seconds of an `nfstime3` are unsigned: what lies before 1970 or after 2106 is told as the nearest time there is. */
const seconds: Xdr<number> = {
  read: (from) => from.uint32(),
  write: (to, value) => to.uint32(unsignedSeconds(value)),
};

function unsignedSeconds(value: number): number {
  return Math.min(Math.max(value, 0), 0xffff_ffff);
}

/** `nfstime3` (RFC 1813 §2.6). */
export const nfstime3 = struct({ seconds, nseconds: uint32 });
export type nfstime3 = TypeOf<typeof nfstime3>;

/**
 * `fattr3` (RFC 1813 §2.6) as declared. XDR's nested structs have no bytes of their own, so that `rdev`, `fsid`, `fileid`
 * and the times stand here as the pairs of words they are: one object for each reply instead of six.
 */
export const fattr3Declaration = struct({
  type: ftype3,
  mode: uint32,
  nlink: uint32,
  uid: uint32,
  gid: uint32,
  size: size64,
  used: size64,
  rdevMajor: uint32,
  rdevMinor: uint32,
  fsidHigh: uint32,
  fsidLow: uint32,
  fileidHigh: uint32,
  fileidLow: uint32,
  atimeSeconds: seconds,
  atimeNanoseconds: uint32,
  mtimeSeconds: seconds,
  mtimeNanoseconds: uint32,
  ctimeSeconds: seconds,
  ctimeNanoseconds: uint32,
});
export type fattr3 = TypeOf<typeof fattr3Declaration>;

export const FATTR3_BYTES = 84;

/** `fattr3`, written by hand: it is in nearly every reply. */
export const fattr3: Xdr<fattr3> = {
  read: (from: XdrReader) => fattr3Declaration.read(from),
  write: (to, value) => {
    const at = to.reserve(FATTR3_BYTES);
    putFattr3(to.buffer, at, value);
  },
};

/** Writes the 84 bytes of a `fattr3` at `at`. */
export function putFattr3(buffer: Buffer, at: number, value: fattr3): void {
  putUint32(buffer, at, value.type);
  putUint32(buffer, at + 4, value.mode);
  putUint32(buffer, at + 8, value.nlink);
  putUint32(buffer, at + 12, value.uid);
  putUint32(buffer, at + 16, value.gid);
  putSize64(buffer, at + 20, value.size);
  putSize64(buffer, at + 28, value.used);
  putUint32(buffer, at + 36, value.rdevMajor);
  putUint32(buffer, at + 40, value.rdevMinor);
  putUint32(buffer, at + 44, value.fsidHigh);
  putUint32(buffer, at + 48, value.fsidLow);
  putUint32(buffer, at + 52, value.fileidHigh);
  putUint32(buffer, at + 56, value.fileidLow);
  putUint32(buffer, at + 60, unsignedSeconds(value.atimeSeconds));
  putUint32(buffer, at + 64, value.atimeNanoseconds);
  putUint32(buffer, at + 68, unsignedSeconds(value.mtimeSeconds));
  putUint32(buffer, at + 72, value.mtimeNanoseconds);
  putUint32(buffer, at + 76, unsignedSeconds(value.ctimeSeconds));
  putUint32(buffer, at + 80, value.ctimeNanoseconds);
}

/** `post_op_attr` (RFC 1813 §2.6) as declared. */
export const postOpAttrDeclaration = optional(fattr3Declaration);

/** Bytes of a `post_op_attr` that has attributes. */
export const POST_OP_ATTR_BYTES = 4 + FATTR3_BYTES;

/** `post_op_attr`, written by hand. */
export const post_op_attr: Xdr<fattr3 | undefined> = {
  read: (from) => postOpAttrDeclaration.read(from),
  write: (to, value) => {
    if (value === undefined) {
      to.uint32(0);
      return;
    }
    const at = to.reserve(POST_OP_ATTR_BYTES);
    putUint32(to.buffer, at, 1);
    putFattr3(to.buffer, at + 4, value);
  },
};
export type post_op_attr = TypeOf<typeof post_op_attr>;

/** `wcc_attr` (RFC 1813 §2.6): what a client compares with its cache. */
export const wcc_attr = struct({
  size: size64,
  mtimeSeconds: seconds,
  mtimeNanoseconds: uint32,
  ctimeSeconds: seconds,
  ctimeNanoseconds: uint32,
});

/** `wcc_data` (RFC 1813 §2.6) as declared. */
export const wccDataDeclaration = struct({ before: optional(wcc_attr), after: postOpAttrDeclaration });
export type wcc_data = TypeOf<typeof wccDataDeclaration>;

const WCC_ATTR_BYTES = 24;

/** `wcc_data`, written by hand. */
export const wcc_data: Xdr<wcc_data> = {
  read: (from) => wccDataDeclaration.read(from),
  write: (to, { before, after }) => {
    if (before === undefined) {
      to.uint32(0);
    } else {
      const at = to.reserve(4 + WCC_ATTR_BYTES);
      const { buffer } = to;
      putUint32(buffer, at, 1);
      putSize64(buffer, at + 4, before.size);
      putUint32(buffer, at + 12, unsignedSeconds(before.mtimeSeconds));
      putUint32(buffer, at + 16, before.mtimeNanoseconds);
      putUint32(buffer, at + 20, unsignedSeconds(before.ctimeSeconds));
      putUint32(buffer, at + 24, before.ctimeNanoseconds);
    }
    post_op_attr.write(to, after);
  },
};

/** A file's attributes with the fsid of the export that it is seen through. */
export function fattr3Of(view: View, attributes: Attributes): fattr3 {
  return {
    type: attributes.type,
    mode: attributes.mode,
    nlink: attributes.nlink,
    uid: attributes.uid,
    gid: attributes.gid,
    size: attributes.size,
    used: attributes.used,
    rdevMajor: attributes.rdevMajor,
    rdevMinor: attributes.rdevMinor,
    fsidHigh: view.fsidHigh,
    fsidLow: view.fsidLow,
    fileidHigh: attributes.fileidHigh,
    fileidLow: attributes.fileidLow,
    atimeSeconds: attributes.atimeSeconds,
    atimeNanoseconds: attributes.atimeNanoseconds,
    mtimeSeconds: attributes.mtimeSeconds,
    mtimeNanoseconds: attributes.mtimeNanoseconds,
    ctimeSeconds: attributes.ctimeSeconds,
    ctimeNanoseconds: attributes.ctimeNanoseconds,
  };
}

/** What an operation did to an object, as a client's cache wants to know it. */
export function wccDataOf(view: View, change: Change): wcc_data {
  return { before: change.before, after: fattr3Of(view, change.after) };
}
