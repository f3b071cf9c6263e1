import { constants } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import type { Awaitable } from '../../common/awaitable.ts';
import { FsError } from '../error.ts';
import { MAX_HANDLE_BODY } from '../filesystem.ts';
import { AT_EMPTY_PATH, O_CLOEXEC, O_PATH } from './constants.ts';
import { codeOf, fail } from './errno.ts';
import { becomeServer } from './identity.ts';
import type { LocalInode } from './inode.ts';
import { errno, inPool, nameToHandleAt, openByHandleAt, SELF } from './libc.ts';

/** How files are named across restarts and servers. */
export interface HandleScheme {
  /** The body for a file just opened. */
  bodyOf(fd: number): Buffer;
  /** Opens a file by its body, O_PATH. Throws STALE or BADHANDLE. */
  open(body: Buffer): Awaitable<number>;
  /** These files were seen under these names; done before a handle leaves. */
  seen(entries: readonly Sighting[]): void;
  /** A name is gone from a directory. */
  gone(directory: LocalInode, name: Buffer, body: Buffer): void;
}

export interface Sighting {
  readonly directory: LocalInode;
  readonly name: Buffer;
  readonly body: Buffer;
}

/** How often a file is asked for that the kernel is taking down, a millisecond longer apart each time. */
const MOST_TRIES = 12;

const MAX_HANDLE = 128;
/** `struct file_handle`: length, type, bytes. */
const buffer = Buffer.allocUnsafeSlow(8 + MAX_HANDLE);
const mountId = Buffer.allocUnsafeSlow(8);

/** The kernel's own handles: its type in one byte, then its bytes. */
export class KernelHandles implements HandleScheme {
  readonly #mountFd: number;
  readonly #memory: boolean;

  /** @param mountFd any directory of the file system, not O_PATH. */
  constructor(mountFd: number, memory: boolean) {
    this.#mountFd = mountFd;
    this.#memory = memory;
  }

  bodyOf(fd: number): Buffer {
    buffer.writeUInt32LE(MAX_HANDLE, 0);
    if (nameToHandleAt(fd, SELF, buffer, mountId, AT_EMPTY_PATH) < 0) fail('name_to_handle_at');
    const length = buffer.readUInt32LE(0);
    const type = buffer.readInt32LE(4);
    if (length + 1 > MAX_HANDLE_BODY || type < 1 || type > 0xff) throw new FsError('NOTSUPP', 'name_to_handle_at');
    const body = Buffer.allocUnsafe(1 + length);
    body[0] = type;
    buffer.copy(body, 1, 8, 8 + length);
    return body;
  }

  open(body: Buffer): Awaitable<number> {
    if (body.length < 2 || body.length > MAX_HANDLE_BODY || body[0] === 0) throw new FsError('BADHANDLE', 'resolve');
    const handle = Buffer.allocUnsafeSlow(8 + body.length - 1);
    handle.writeUInt32LE(body.length - 1, 0);
    handle.writeInt32LE(body[0]!, 4);
    body.copy(handle, 8, 1);
    return this.#memory ? this.#openNow(handle) : this.#openFromDisk(handle);
  }

  async #openFromDisk(handle: Buffer): Promise<number> {
    for (let tries = 1; ; tries += 1) {
      const fd = await inPool(openByHandleAt, this.#mountFd, handle, O_PATH | O_CLOEXEC);
      if (fd >= 0) return fd;
      try {
        // Again only to learn why; what it needed is in memory now.
        return this.#openNow(handle);
      } catch (error) {
        // While the kernel takes down a removed inode it answers ENOMEM (iget_locked gave none); soon it will be ESTALE.
        if (tries === MOST_TRIES || !(error instanceof FsError) || error.code !== 'JUKEBOX') throw error;
        await setTimeout(tries);
      }
    }
  }

  #openNow(handle: Buffer): number {
    becomeServer();
    const fd = openByHandleAt(this.#mountFd, handle, O_PATH | O_CLOEXEC);
    if (fd >= 0) return fd;
    const number = errno();
    if (number === constants.errno.ENOENT) throw new FsError('STALE', 'open_by_handle_at');
    if (number === constants.errno.EINVAL) throw new FsError('BADHANDLE', 'open_by_handle_at');
    throw new FsError(codeOf(number), 'open_by_handle_at');
  }

  seen(): void {}

  gone(): void {}
}
