import { type Awaitable, then } from '../common/awaitable.ts';
import type { Logger } from '../common/log.ts';
import { type FileSystem, FsError, type HostLock, type HostLocks, type Inode } from '../vfs/index.ts';
import type { Range } from './range.ts';
import type { Gate } from './table.ts';

/** A file as a call found it. */
export interface OpenFile {
  readonly fileSystem: FileSystem;
  readonly inode: Inode;
}

/** The files that have locks, each held open with the same locks among those of the host's own programs. */
export class LockedFiles implements Gate {
  private readonly open = new Map<string, HostLocks>();
  /** Files on which a program of the host was in the way. */
  readonly obstructed = new Set<string>();
  /** Why the last lock that could not be taken never can be; undefined if somebody was in the way. */
  failure: FsError | undefined;
  /** Told of each of {@link obstructed}. */
  onObstructed: () => void = () => {};
  private readonly log: Logger;

  constructor(log: Logger) {
    this.log = log;
  }

  /** What the file goes by here. Keeps it open until {@link close}. Throws {@link FsError}. */
  hold({ fileSystem, inode }: OpenFile): Awaitable<string> {
    return then(fileSystem.lockKey(inode), (key) => {
      if (this.open.has(key)) return key;
      return then(fileSystem.openLocks(inode), (locks) => {
        if (this.open.has(key)) locks.close();
        else this.open.set(key, locks);
        return key;
      });
    });
  }

  isOpen(key: string): boolean {
    return this.open.has(key);
  }

  close(key: string): void {
    this.open.get(key)?.close();
    this.open.delete(key);
    this.obstructed.delete(key);
  }

  closeAll(): void {
    for (const key of [...this.open.keys()]) this.close(key);
  }

  take(key: string, exclusive: boolean, { start, end }: Range): boolean {
    this.failure = undefined;
    try {
      if (this.open.get(key)?.take(exclusive, start, end) === true) return true;
      this.obstructed.add(key);
      this.onObstructed();
      return false;
    } catch (error) {
      if (!(error instanceof FsError)) throw error;
      this.failure = error;
      this.log.error({ file: key, reason: String(error) }, 'a lock cannot be taken on this host');
      return false;
    }
  }

  release(key: string, { start, end }: Range): void {
    this.open.get(key)?.release(start, end);
  }

  /** The lock of a program of the host that stands in the way. */
  test(key: string, exclusive: boolean, { start, end }: Range): HostLock | undefined {
    return this.open.get(key)?.test(exclusive, start, end);
  }
}
