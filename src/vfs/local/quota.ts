import { constants } from 'node:os';
import type { Quota, QuotaKind } from '../quota.ts';
import { fail } from './errno.ts';
import { becomeServer } from './identity.ts';
import { errno, quotactlFd } from './libc.ts';

const Q_GETQUOTA = 0x800007;
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
