import type { View } from '../../exports/contract.ts';
import { type Attributes, FileType } from '../../vfs/index.ts';
import { enumeration, struct, type TypeOf, uint32 } from '../../xdr/index.ts';

/** `ftype` (RFC 1094 §2.3.2), and 6 for sockets, which the RFC forgot and everyone has (`linux/nfs.h`). */
const NFREG = 1;
const NFDIR = 2;
const NFBLK = 3;
const NFCHR = 4;
const NFLNK = 5;
const NFSOCK = 6;
const ftype = enumeration([NFREG, NFDIR, NFBLK, NFCHR, NFLNK, NFSOCK]);

/** A FIFO is told as a character device, with this for a number where the device's would stand (RFC 1094 §2.3.5). */
const FIFO_RDEV = 0xffff_ffff;
const NO_RDEV = 0xffff_ffff;

/** `timeval` (RFC 1094 §2.3.4). */
export const timeval = struct({ seconds: uint32, useconds: uint32 });
export type timeval = TypeOf<typeof timeval>;

/** `fattr` (RFC 1094 §2.3.5). */
export const fattr = struct({
  type: ftype,
  mode: uint32,
  nlink: uint32,
  uid: uint32,
  gid: uint32,
  size: uint32,
  blocksize: uint32,
  rdev: uint32,
  blocks: uint32,
  fsid: uint32,
  fileid: uint32,
  atime: timeval,
  mtime: timeval,
  ctime: timeval,
});
export type fattr = TypeOf<typeof fattr>;

/** `ftype` and the type bits that `mode` has besides the permissions. */
const TYPES = {
  [FileType.REG]: { type: NFREG, format: 0o100000 },
  [FileType.DIR]: { type: NFDIR, format: 0o040000 },
  [FileType.BLK]: { type: NFBLK, format: 0o060000 },
  [FileType.CHR]: { type: NFCHR, format: 0o020000 },
  [FileType.LNK]: { type: NFLNK, format: 0o120000 },
  [FileType.SOCK]: { type: NFSOCK, format: 0o140000 },
  [FileType.FIFO]: { type: NFCHR, format: 0o010000 },
} as const;

/** The largest number in 32 bits: the size that a file has which is larger. */
export const MAX_SIZE = 0xffff_ffff;
/** `blocks` are of this size on every Unix, whatever `blocksize` says. */
const BLOCK = 512;
/** The file system's own is a page at least. */
const BLOCK_SIZE = 4096;

/** A file's attributes as far as 32 bits hold them: what is larger is told as the largest number. */
export function fattrOf(view: View, attributes: Attributes): fattr {
  const { type, format } = TYPES[attributes.type];
  return {
    type,
    mode: attributes.mode | format,
    nlink: attributes.nlink,
    uid: attributes.uid,
    gid: attributes.gid,
    size: Math.min(attributes.size, MAX_SIZE),
    blocksize: BLOCK_SIZE,
    rdev: rdevOf(attributes),
    blocks: Math.min(Math.ceil(attributes.used / BLOCK), MAX_SIZE),
    fsid: fold(view.fsidHigh, view.fsidLow),
    fileid: fold(attributes.fileidHigh, attributes.fileidLow),
    atime: timevalOf(attributes.atimeSeconds, attributes.atimeNanoseconds),
    mtime: timevalOf(attributes.mtimeSeconds, attributes.mtimeNanoseconds),
    ctime: timevalOf(attributes.ctimeSeconds, attributes.ctimeNanoseconds),
  };
}

/** 64 bits in 32. Small numbers stay what they are. */
export function fold(high: number, low: number): number {
  return (high ^ low) >>> 0;
}

function rdevOf({ type, rdevMajor, rdevMinor }: Attributes): number {
  if (type === FileType.FIFO) return FIFO_RDEV;
  return type === FileType.CHR || type === FileType.BLK ? encodeDevice(rdevMajor, rdevMinor) : NO_RDEV;
}

/** A device's number as Linux packs it: 12 bits of major, 20 of minor number, old programs' 8 and 8 in the same place. */
export function encodeDevice(major: number, minor: number): number {
  return ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
}

export function decodeDevice(device: number): { major: number; minor: number } {
  return { major: (device >>> 8) & 0xfff, minor: (device & 0xff) | ((device >>> 12) & 0xfff00) };
}

function timevalOf(seconds: number, nanoseconds: number): timeval {
  return { seconds: Math.min(Math.max(seconds, 0), 0xffff_ffff), useconds: Math.floor(nanoseconds / 1000) };
}
