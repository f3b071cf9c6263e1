import { constants } from 'node:os';
import type { Awaitable } from '../../common/awaitable.ts';
import type { ChangeGuard } from '../../common/licence.ts';
import type { Attributes } from '../attributes.ts';
import { FsError } from '../error.ts';
import type { Caller, FileSystemLimits } from '../filesystem.ts';
import { blocksRead, hasReadBlocks } from './block-reads.ts';
import { O_CLOEXEC, O_NOFOLLOW, O_PATH, RESOLVE_CACHED } from './constants.ts';
import type { DataFiles } from './data-files.ts';
import { codeOf } from './errno.ts';
import type { Flusher } from './flush.ts';
import type { HandleScheme } from './handles.ts';
import { becomeEither, becomeServer } from './identity.ts';
import { childOf, type FileKey, isProven, type LocalInode, prove, rememberChild } from './inode.ts';
import type { InodeCache } from './inode-cache.ts';
import { close, cString, errno, openat2, openat2InPool, ownCString } from './libc.ts';
import { Pressure } from './pressure.ts';
import { deviceSeen, statAt, statOf } from './stat.ts';
import { forgetSeen } from './turn.ts';

/** An inode and its attributes at one moment. */
export interface Seen {
  readonly inode: LocalInode;
  readonly attributes: Attributes;
}

/** What was found out about the storage when it was opened. */
export interface Traits {
  /** `st_dev` of the root. */
  readonly device: number;
  /** `f_type` of statfs(2). */
  readonly kind: number;
  /** All in memory: no call waits for a disk. */
  readonly memory: boolean;
  /** A directory's ctime tells whether its entries have changed, and no mount can hide one. */
  readonly provable: boolean;
  /** A new file's inode is in the same journal transaction as its name: flushing the directory takes both to the disk. */
  readonly journals: boolean;
  /** RESOLVE_ flags that keep a lookup on this file system. */
  readonly resolve: number;
  readonly limits: FileSystemLimits;
}

/** The answer is not in memory. */
const COLD = Symbol('cold');

/**
 * A name that was never asked for is not in memory, but the directory it is looked up in mostly is: where a way through
 * the thread pool read nothing from a disk, names in that directory are looked up at once for a while. Until one of them
 * does take a disk, and long.
 */
const QUICK_FOR_MS = 1000;
const SLOW_MS = 1;

const AS_PATH = O_PATH | O_NOFOLLOW | O_CLOEXEC;

/** The storage below one folder: what every operation works with. */
export class Volume {
  readonly traits: Traits;
  readonly cache: InodeCache;
  readonly handles: HandleScheme;
  readonly flusher: Flusher;
  readonly data: DataFiles;
  readonly pressure: Pressure;
  /** Asked before each system call that changes something. */
  readonly guard: ChangeGuard;
  readonly root: LocalInode;

  constructor(
    traits: Traits,
    cache: InodeCache,
    handles: HandleScheme,
    flusher: Flusher,
    data: DataFiles,
    rootFd: number,
    guard: ChangeGuard,
  ) {
    this.traits = traits;
    this.cache = cache;
    this.handles = handles;
    this.flusher = flusher;
    this.data = data;
    this.guard = {
      check: () => {
        forgetSeen();
        guard.check();
      },
      elsewhere: (work) => guard.elsewhere(work),
    };
    this.pressure = new Pressure(rootFd, traits.memory);
    this.root = this.adopt(rootFd).inode;
    // Never closed before the volume is.
    this.root.pins += 1;
  }

  /** What tells a file from the others of this volume, from the attributes just read. */
  keyOf(attributes: Attributes): FileKey {
    const device = deviceSeen();
    // A btrfs subvolume has a device of its own; a network file system may use all 64 bits.
    return device === this.traits.device && attributes.fileidHigh < 0x20_0000
      ? attributes.fileidHigh * 0x1_0000_0000 + attributes.fileidLow
      : `${device}:${attributes.fileidHigh}:${attributes.fileidLow}`;
  }

  /** Takes in a descriptor opened with O_PATH: the inode that is open already if there is one. */
  adopt(fd: number): Seen {
    let attributes: Attributes;
    let body: Buffer;
    let key: FileKey;
    try {
      attributes = statOf(fd);
      key = this.keyOf(attributes);
      const known = this.cache.byFile(key);
      if (known !== undefined) {
        close(fd);
        this.cache.touch(known);
        return { inode: known, attributes };
      }
      body = this.handles.bodyOf(fd);
    } catch (error) {
      close(fd);
      throw error;
    }
    return { inode: this.cache.add(body, key, attributes.type, fd), attributes };
  }

  /**
   * The inode that a name in a directory stands for, or undefined if nothing has that name. Both the server and the
   * caller may be in force; who may search has been checked. `now` is what the directory's attributes are.
   */
  find(caller: Caller, directory: LocalInode, name: Buffer, now: Attributes): Awaitable<Seen | undefined> {
    const hint = childOf(directory, name.toString('latin1'));
    if (hint !== undefined && this.traits.provable) {
      if (isProven(hint, now)) {
        this.cache.touch(hint);
        return { inode: hint, attributes: statOf(hint.fd) };
      }
      const seen = this.findNow(caller, directory, name);
      if (seen?.inode === hint) prove(hint, now);
      return seen;
    }
    const started = performance.now();
    const isQuick = this.traits.memory || started < directory.quickUntil;
    const found = this.#findNow(caller, directory, name, isQuick ? 0 : RESOLVE_CACHED);
    if (found === COLD) return this.#warm(directory, name).then(() => this.findNow(caller, directory, name));
    if (isQuick && performance.now() - started > SLOW_MS && hasReadBlocks()) directory.quickUntil = 0;
    return found;
  }

  /** The same for a name that was just used: it is in memory. */
  findNow(caller: Caller, directory: LocalInode, name: Buffer): Seen | undefined {
    const found = this.#findNow(caller, directory, name, 0);
    if (found === COLD) throw new FsError('JUKEBOX', 'open');
    return found;
  }

  #findNow(caller: Caller, directory: LocalInode, name: Buffer, cached: number): Seen | undefined | typeof COLD {
    becomeEither(caller);
    const key = name.toString('latin1');
    const hint = childOf(directory, key);
    if (hint !== undefined) {
      const attributes = statAt(directory.fd, name);
      if (attributes !== undefined && this.keyOf(attributes) === hint.fileKey) {
        this.cache.touch(hint);
        return { inode: hint, attributes };
      }
    }
    const fd = openat2(directory.fd, cString(name), AS_PATH, this.traits.resolve | cached);
    if (fd < 0) return absent(directory);
    const seen = this.adopt(fd);
    // Every hint stands in the index, so that a name found by its hint needs no look there.
    this.handles.seen([{ directory, name, body: seen.inode.body }]);
    rememberChild(directory, key, seen.inode);
    return seen;
  }

  /** Reads into memory, in the thread pool, what looking up that name takes. Whether it is there is not told. */
  async #warm(directory: LocalInode, name: Buffer): Promise<void> {
    becomeServer();
    const read = blocksRead();
    const fd = await openat2InPool(directory.fd, ownCString(name), AS_PATH);
    if (fd >= 0) close(fd);
    if (blocksRead() === read) directory.quickUntil = performance.now() + QUICK_FOR_MS;
  }
}

function absent(directory: LocalInode): undefined | typeof COLD {
  const number = errno();
  if (number === constants.errno.EAGAIN) return COLD;
  const code = codeOf(number);
  // Another file system is mounted on that name.
  if (code === 'XDEV') throw new FsError('ACCES', 'open');
  if (code !== 'NOENT') throw new FsError(code, 'open');
  mustExist(directory);
  return undefined;
}

/** Nothing can be found or made in a directory that was removed. */
export function mustExist(directory: LocalInode): void {
  if (statOf(directory.fd).nlink === 0) throw new FsError('STALE', 'open');
}
