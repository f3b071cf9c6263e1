import type { FileSystemLimits, SpaceInfo } from '../filesystem.ts';
import { MAX_OFFSET } from '../filesystem.ts';
import { BTRFS, EXT4, O_CLOEXEC, O_RDWR, O_TMPFILE, VFAT, XFS } from './constants.ts';
import { check } from './errno.ts';
import { close, DOT, fpathconf, fstatfs, lseek, openat } from './libc.ts';

/** `struct statfs`, the same on 64-bit machines: type, block size, blocks (total, free, available), files (total, free), ... */
const buffer = Buffer.allocUnsafeSlow(120);
const NAME_BYTES = 64;
const FRAGMENT_SIZE = 72;

/** The kind of file system, as `f_type` of statfs(2). */
export function kindOf(fd: number): number {
  check(fstatfs(fd, buffer), 'statfs');
  return buffer.readUInt32LE(0);
}

export function spaceOf(fd: number): SpaceInfo {
  check(fstatfs(fd, buffer), 'statfs');
  const unit = buffer.readBigUInt64LE(FRAGMENT_SIZE) || buffer.readBigUInt64LE(8);
  return {
    totalBytes: buffer.readBigUInt64LE(16) * unit,
    freeBytes: buffer.readBigUInt64LE(24) * unit,
    availableBytes: buffer.readBigUInt64LE(32) * unit,
    totalFiles: buffer.readBigUInt64LE(40),
    freeFiles: buffer.readBigUInt64LE(48),
    availableFiles: buffer.readBigUInt64LE(48),
  };
}

const PC_LINK_MAX = 0;
const SEEK_SET = 0;

/** @param directory the root; @param keepsBirth the file system stores when a file was made. */
export function limitsOf(directory: number, keepsBirth: boolean): FileSystemLimits {
  const kind = kindOf(directory);
  const nameBytes = Number(buffer.readBigUInt64LE(NAME_BYTES));
  const blockSize = Number(buffer.readBigUInt64LE(8));
  return {
    maxFileSize: askMaxFileSize(directory) ?? usualMaxFileSize(kind, blockSize),
    maxNameBytes: nameBytes || 255,
    maxLinks: linksOf(kind) ?? Math.max(1, Number(fpathconf(directory, PC_LINK_MAX))),
    timeDelta: granularityOf(kind, keepsBirth),
    caseInsensitive: kind === VFAT,
    casePreserving: true,
    hashedCookies: kind === EXT4,
  };
}

function linksOf(kind: number): number | undefined {
  if (kind === EXT4) return 65_000;
  if (kind === BTRFS) return 65_535;
  if (kind === XFS) return 0x7fff_ffff;
  return undefined;
}

function granularityOf(kind: number, keepsBirth: boolean): FileSystemLimits['timeDelta'] {
  if (kind === VFAT) return { seconds: 2, nanoseconds: 0 };
  // ext4 with inodes of 128 bytes, as converted from ext2, has room for neither.
  if (kind === EXT4 && !keepsBirth) return { seconds: 1, nanoseconds: 0 };
  return { seconds: 0, nanoseconds: 1 };
}

/** The kernel refuses to seek beyond the largest size, so a file without a name tells it. Undefined if none can be made. */
function askMaxFileSize(directory: number): number | undefined {
  const fd = openat(directory, DOT, O_TMPFILE | O_RDWR | O_CLOEXEC, 0o600);
  if (fd < 0) return undefined;
  try {
    const reaches = (size: number) => lseek(fd, size, SEEK_SET) >= 0;
    if (reaches(MAX_OFFSET)) return MAX_OFFSET;
    let [low, high] = [0, MAX_OFFSET];
    while (low < high) {
      const middle = low + Math.ceil((high - low) / 2);
      if (reaches(middle)) low = middle;
      else high = middle - 1;
    }
    return low;
  } finally {
    close(fd);
  }
}

/** ext4 numbers a file's blocks with 32 bits. */
function usualMaxFileSize(kind: number, blockSize: number): number {
  return kind === EXT4 ? (0x1_0000_0000 - 1) * blockSize : MAX_OFFSET;
}
