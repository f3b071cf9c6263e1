import { constants } from 'node:os';
import { FsError } from '../error.ts';
import type { HostLock, HostLocks } from '../filesystem.ts';
import { O_CLOEXEC, O_NOCTTY, O_NONBLOCK, O_RDONLY, O_RDWR } from './constants.ts';
import { mustBeRegular, procName } from './data-files.ts';
import { codeOf } from './errno.ts';
import { becomeServer } from './identity.ts';
import type { LocalInode } from './inode.ts';
import { close, errno, fcntl, openat } from './libc.ts';
import { deviceSeen, statOf } from './stat.ts';
import type { Volume } from './volume.ts';

/** Open file description locks (fcntl(2)): the owner is the descriptor, not the process, so that each file has its own. */
const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;
const F_RDLCK = 0;
const F_WRLCK = 1;
const F_UNLCK = 2;

/** Offsets are signed here: the last byte that can be locked. */
const LAST = (1n << 63n) - 1n;
const END = 1n << 64n;
const COMMON = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

/** `struct flock`, the same on x86_64 and arm64: type, whence, start, length, process. */
const request = Buffer.allocUnsafeSlow(32);
const TYPE = 0;
const START = 8;
const LENGTH = 16;

export function lockKey(inode: LocalInode): string {
  const { fileidHigh, fileidLow } = statOf(inode.fd);
  return `${deviceSeen()}:${fileidHigh}:${fileidLow}`;
}

export function openLocks(volume: Volume, inode: LocalInode): HostLocks {
  mustBeRegular(inode, 'lock');
  becomeServer();
  const name = procName(inode.fd);
  const fd = openat(volume.data.procFd, name, O_RDWR | COMMON, 0);
  if (fd >= 0) return new OpenLocks(fd, undefined);
  const whyNot = new FsError(codeOf(errno()), 'lock');
  const readable = openat(volume.data.procFd, name, O_RDONLY | COMMON, 0);
  if (readable < 0) throw new FsError(codeOf(errno()), 'lock');
  return new OpenLocks(readable, whyNot);
}

class OpenLocks implements HostLocks {
  readonly #fd: number;
  /** Why the file could not be opened for writing, which an exclusive lock takes. */
  readonly #readOnly: FsError | undefined;

  constructor(fd: number, readOnly: FsError | undefined) {
    this.#fd = fd;
    this.#readOnly = readOnly;
  }

  take(exclusive: boolean, start: bigint, end: bigint): boolean {
    if (exclusive && this.#readOnly !== undefined) throw this.#readOnly;
    if (!describe(exclusive ? F_WRLCK : F_RDLCK, start, end)) return true;
    if (fcntl(this.#fd, F_OFD_SETLK, request) === 0) return true;
    const number = errno();
    if (number === constants.errno.EAGAIN || number === constants.errno.EACCES) return false;
    throw new FsError(codeOf(number), 'lock');
  }

  release(start: bigint, end: bigint): void {
    if (!describe(F_UNLCK, start, end)) return;
    if (fcntl(this.#fd, F_OFD_SETLK, request) < 0) throw new FsError(codeOf(errno()), 'unlock');
  }

  test(exclusive: boolean, start: bigint, end: bigint): HostLock | undefined {
    if (!describe(exclusive ? F_WRLCK : F_RDLCK, start, end)) return undefined;
    if (fcntl(this.#fd, F_OFD_GETLK, request) < 0) throw new FsError(codeOf(errno()), 'lock');
    const type = request.readInt16LE(TYPE);
    if (type === F_UNLCK) return undefined;
    const from = request.readBigInt64LE(START);
    const length = request.readBigInt64LE(LENGTH);
    return { exclusive: type === F_WRLCK, start: from, end: length === 0n ? END : from + length };
  }

  close(): void {
    close(this.#fd);
  }
}

/** @returns false if nothing of the range can be locked. */
function describe(type: number, start: bigint, end: bigint): boolean {
  if (start > LAST) return false;
  request.fill(0);
  request.writeInt16LE(type, TYPE);
  request.writeBigInt64LE(start, START);
  request.writeBigInt64LE(end > LAST ? 0n : end - start, LENGTH);
  return true;
}
