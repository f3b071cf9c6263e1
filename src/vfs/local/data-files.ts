import { type Attributes, FileType } from '../attributes.ts';
import { FsError } from '../error.ts';
import { O_CLOEXEC, O_DIRECTORY, O_NOCTTY, O_NONBLOCK, O_RDONLY, O_RDWR } from './constants.ts';
import { codeOf } from './errno.ts';
import type { FlushTarget } from './flush.ts';
import { becomeServer, canSwitchUser } from './identity.ts';
import type { LocalInode } from './inode.ts';
import type { InodeCache } from './inode-cache.ts';
import { close, DOT, errno, fchmodat, openat } from './libc.ts';
import { statOf } from './stat.ts';

/**
 * How long a data descriptor stays open unused: long enough for a client's next READ, short enough that the server is
 * soon out of the way of an unmount, a lease or a program's start.
 */
const IDLE_MS = 4000;

const COMMON = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

/** A descriptor's name below /proc/self/fd: opening it opens the same file again, whatever its path is by now. */
export function procName(fd: number): Buffer {
  return Buffer.from(`${fd}\0`);
}

/** The descriptors that data is read and written through. All are opened as the server; who may is decided before. */
export class DataFiles {
  /** `/proc/self/fd`. */
  readonly procFd: number;
  readonly #cache: InodeCache;
  readonly #open = new Set<LocalInode>();
  #sweeper: NodeJS.Timeout | undefined;
  readonly #flushIdle: (inode: LocalInode) => void;

  constructor(procFd: number, cache: InodeCache, flushIdle: (inode: LocalInode) => void) {
    this.procFd = procFd;
    this.#cache = cache;
    this.#flushIdle = flushIdle;
  }

  /** For reading a regular file. */
  readable(inode: LocalInode, attributes: Attributes): number {
    inode.dataUsed = true;
    if (inode.readFd >= 0) return inode.readFd;
    if (inode.writeFd >= 0) return inode.writeFd;
    mustBeRegular(inode, 'read');
    inode.readFd = this.#openAgain(inode, O_RDONLY, attributes);
    return inode.readFd;
  }

  /** For reading and writing a regular file. */
  writable(inode: LocalInode, attributes: Attributes): number {
    inode.dataUsed = true;
    if (inode.writeFd >= 0) return inode.writeFd;
    mustBeRegular(inode, 'write');
    inode.writeFd = this.#openAgain(inode, O_RDWR, attributes);
    return inode.writeFd;
  }

  /** For listing a directory and flushing it. */
  listable(inode: LocalInode): number {
    inode.dataUsed = true;
    if (inode.directoryFd >= 0) return inode.directoryFd;
    becomeServer();
    this.#cache.budget.hold();
    const fd = openat(inode.fd, DOT, O_RDONLY | O_DIRECTORY | COMMON, 0);
    if (fd < 0) this.#giveUp('opendir');
    inode.directoryFd = fd;
    this.#watch(inode);
    return fd;
  }

  /** Takes in a descriptor for reading and writing that CREATE has got. */
  adopt(inode: LocalInode, fd: number): void {
    if (inode.writeFd >= 0 || inode.closed) {
      close(fd);
      return;
    }
    try {
      this.#cache.budget.hold();
    } catch {
      // It can be opened again when it is needed.
      close(fd);
      return;
    }
    inode.writeFd = fd;
    inode.dataUsed = true;
    this.#watch(inode);
  }

  /** What to flush a file by. */
  flushTarget(inode: LocalInode, root: LocalInode): FlushTarget {
    if (inode.closed) throw new FsError('STALE', 'flush');
    if (inode.isDirectory) return { fd: this.listable(inode) };
    if (inode.writeFd >= 0) return { fd: inode.writeFd };
    if (inode.type === FileType.REG) return { fd: this.readable(inode, statOf(inode.fd)) };
    // Opening a device or a FIFO would do something; a symbolic link cannot be opened.
    return { fileSystemOf: this.listable(root) };
  }

  close(): void {
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
    this.#open.clear();
  }

  #openAgain(inode: LocalInode, access: number, attributes: Attributes): number {
    becomeServer();
    this.#cache.budget.hold();
    const name = procName(inode.fd);
    let fd = openat(this.procFd, name, access | COMMON, 0);
    if (fd < 0 && !canSwitchUser() && codeOf(errno()) === 'ACCES') {
      fd = this.#openAsOwner(name, access, attributes);
    }
    if (fd < 0) this.#giveUp('open');
    this.#watch(inode);
    return fd;
  }

  /** A server that is a plain user may lift its own files' mode for a moment: an owner may always read and write. */
  #openAsOwner(name: Buffer, access: number, attributes: Attributes): number {
    if (attributes.uid !== process.geteuid!()) return -1;
    if (fchmodat(this.procFd, name, attributes.mode | 0o600, 0) < 0) return -1;
    const fd = openat(this.procFd, name, access | COMMON, 0);
    fchmodat(this.procFd, name, attributes.mode, 0);
    return fd;
  }

  #giveUp(operation: string): never {
    const code = codeOf(errno());
    this.#cache.budget.release();
    throw new FsError(code, operation);
  }

  #watch(inode: LocalInode): void {
    this.#open.add(inode);
    this.#sweeper ??= setInterval(() => this.#sweep(), IDLE_MS).unref();
  }

  #sweep(): void {
    for (const inode of this.#open) {
      if (inode.closed) this.#open.delete(inode);
      else if (inode.dataUsed) inode.dataUsed = false;
      else if (inode.dirty) this.#flushIdle(inode);
      else if (inode.pins === 0) this.#closeIdle(inode);
    }
    if (this.#open.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }

  #closeIdle(inode: LocalInode): void {
    for (const fd of [inode.readFd, inode.writeFd, inode.directoryFd]) {
      if (fd < 0) continue;
      close(fd);
      this.#cache.budget.release();
    }
    inode.readFd = inode.writeFd = inode.directoryFd = -1;
    this.#open.delete(inode);
  }
}

/** READ and WRITE of something else: ISDIR for a directory, INVAL otherwise (RFC 1813 §3.3.6, §3.3.7). */
export function mustBeRegular(inode: LocalInode, operation: string): void {
  if (inode.type === FileType.REG) return;
  throw new FsError(inode.isDirectory ? 'ISDIR' : 'INVAL', operation);
}
