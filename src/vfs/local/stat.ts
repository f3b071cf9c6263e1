import { type Attributes, FileType } from '../attributes.ts';
import { AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW } from './constants.ts';
import { check } from './errno.ts';
import { cString, fstat, fstatat, SELF, statx } from './libc.ts';

/** One buffer for every call: what is read out of it is read before the next. Large enough for any `struct stat`. */
const buffer = Buffer.allocUnsafeSlow(256);
const words = new Uint32Array(buffer.buffer, buffer.byteOffset, 64);
const signed = new Int32Array(buffer.buffer, buffer.byteOffset, 64);

/** `struct stat` in 32-bit words. The two machines differ where nlink, mode and the owners stand. */
const AT =
  process.arch === 'x64'
    ? { nlink: 4, mode: 6, uid: 7, gid: 8, rdev: 10 }
    : { nlink: 5, mode: 4, uid: 6, gid: 7, rdev: 8 };

const HIGH = 0x1_0000_0000;
/** `st_mode >> 12` to file type; zero for what no client can be told of. */
const TYPES: readonly (FileType | 0)[] = [
  0,
  FileType.FIFO,
  FileType.CHR,
  0,
  FileType.DIR,
  0,
  FileType.BLK,
  0,
  FileType.REG,
  0,
  FileType.LNK,
  0,
  FileType.SOCK,
  0,
  0,
  0,
];

function unpack(): Attributes {
  const mode = words[AT.mode]!;
  const rdevLow = words[AT.rdev]!;
  const rdevHigh = words[AT.rdev + 1]!;
  return {
    type: TYPES[mode >>> 12] || FileType.REG,
    mode: mode & 0o7777,
    nlink: words[AT.nlink]!,
    uid: words[AT.uid]!,
    gid: words[AT.gid]!,
    size: words[13]! * HIGH + words[12]!,
    used: (words[17]! * HIGH + words[16]!) * 512,
    rdevMajor: ((rdevLow >>> 8) & 0xfff) | (rdevHigh & ~0xfff),
    rdevMinor: ((rdevLow & 0xff) | ((rdevLow >>> 12) & ~0xff)) >>> 0,
    fileidHigh: words[3]!,
    fileidLow: words[2]!,
    atimeSeconds: signed[19]! * HIGH + words[18]!,
    atimeNanoseconds: words[20]!,
    mtimeSeconds: signed[23]! * HIGH + words[22]!,
    mtimeNanoseconds: words[24]!,
    ctimeSeconds: signed[27]! * HIGH + words[26]!,
    ctimeNanoseconds: words[28]!,
  };
}

/** The attributes of an open file. */
export function statOf(fd: number): Attributes {
  if (fstat(fd, buffer) < 0) check(-1, 'fstat');
  return unpack();
}

/** The attributes of a name in a directory, or undefined, with errno set. Symbolic links are not followed. */
export function statAt(fd: number, name: Buffer): Attributes | undefined {
  return fstatat(fd, cString(name), buffer, AT_SYMLINK_NOFOLLOW) < 0 ? undefined : unpack();
}

/** The device that the last of the two functions above saw: with the file number, it tells files apart. */
export function deviceSeen(): number {
  return words[1]! * HIGH + words[0]!;
}

const STATX_BTIME = 0x800;
/** `stx_mask`, `stx_ino`, `stx_btime` in `struct statx`, which is the same on every machine. */
const statxBuffer = Buffer.allocUnsafeSlow(256);

/** A file's number and time of birth; the time is undefined where the file system keeps none. */
export function birthOf(fd: number): { ino: bigint; seconds: bigint; nanoseconds: number; known: boolean } {
  check(statx(fd, SELF, AT_EMPTY_PATH, STATX_BTIME | 0x100, statxBuffer), 'statx');
  const known = (statxBuffer.readUInt32LE(0) & STATX_BTIME) !== 0;
  return {
    ino: statxBuffer.readBigUInt64LE(32),
    seconds: known ? statxBuffer.readBigInt64LE(80) : 0n,
    nanoseconds: known ? statxBuffer.readUInt32LE(88) : 0,
    known,
  };
}
