import { constants } from 'node:os';
import type { Quota, QuotaKind, QuotaLimits } from '../quota.ts';
import { fail } from './errno.ts';
import { becomeServer } from './identity.ts';
import { errno, quotactlFd } from './libc.ts';

const Q_GETQUOTA = 0x800007;
const Q_SETQUOTA = 0x800008;
/** Where `dqb_valid` lies, and its bits for both pairs of limits (QIF_LIMITS). */
const VALID_AT = 64;
const LIMITS = 1 | 4;
/** The kernel counts limits in blocks of 1 KiB, and what is used in bytes. */
const BLOCK = 1024n;
/** `struct if_dqblk`. */
const buffer = Buffer.allocUnsafeSlow(72);

/**
 * What the kernel says of it: no such quotas (ENOSYS: it does not know them; ENOTTY, ENOTBLK, ENODEV: the storage has
 * none; ESRCH: they are off), or nothing kept for that id.
 */
const NONE: ReadonlySet<number> = new Set([
  constants.errno.ENOSYS,
  constants.errno.ENOTTY,
  constants.errno.ENODEV,
  constants.errno.ESRCH,
  constants.errno.ENOENT,
  constants.errno.EINVAL,
  // ENOTBLK, for which Node.js has no name.
  15,
]);

/** The quota of a user or group on the file system of an open file, asked as the server. */
export function quota(fd: number, kind: QuotaKind, id: number): Quota | undefined {
  becomeServer();
  buffer.fill(0);
  if (quotactlFd(fd, Q_GETQUOTA * 256 + kind, id, buffer) < 0) {
    if (NONE.has(errno())) return undefined;
    fail('quotactl');
  }
  const word = (index: number) => buffer.readBigUInt64LE(index * 8);
  return {
    hardBytes: word(0) * BLOCK,
    softBytes: word(1) * BLOCK,
    usedBytes: word(2),
    hardFiles: word(3),
    softFiles: word(4),
    usedFiles: word(5),
    bytesGrace: word(6),
    filesGrace: word(7),
  };
}

/** Sets the limits of a user or group, asked as the server. @returns false if there are no such quotas. */
export function setQuota(fd: number, kind: QuotaKind, id: number, limits: QuotaLimits): boolean {
  becomeServer();
  buffer.fill(0);
  const put = (index: number, value: bigint) => buffer.writeBigUInt64LE(value, index * 8);
  put(0, limits.hardBytes / BLOCK);
  put(1, limits.softBytes / BLOCK);
  put(3, limits.hardFiles);
  put(4, limits.softFiles);
  buffer.writeUInt32LE(LIMITS, VALID_AT);
  if (quotactlFd(fd, Q_SETQUOTA * 256 + kind, id, buffer) >= 0) return true;
  if (NONE.has(errno())) return false;
  fail('quotactl');
}
