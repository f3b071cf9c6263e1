import type { Logger } from '../common/log.ts';
import type { LockStore } from '../state/index.ts';
import type { FileSystem, Inode } from '../vfs/index.ts';
import type { OpenFile } from './files.ts';
import type { Grace } from './grace.ts';
import type { Range } from './range.ts';
import type { Callback, Client, LockGrant } from './records.ts';

/** Who asks, about which bytes of which file. */
export interface LockRequest extends Client, Range {
  readonly file: OpenFile;
  /** As the client names the file; kept. */
  readonly handle: Buffer;
  readonly localAddress: string;
  readonly svid: number;
  readonly oh: Buffer;
  readonly exclusive: boolean;
}

export interface LockOptions {
  /** Given if the request may wait. */
  readonly callback: Callback | undefined;
  /** True for a lock that the client had before locks were lost here. */
  readonly reclaim: boolean;
  /** The client's NSM state number. */
  readonly state: number;
  /** False for a client that does not want to be watched (NLM_NM_LOCK). */
  readonly monitored: boolean;
}

export interface ShareRequest extends Client {
  readonly file: OpenFile;
  readonly handle: Buffer;
  readonly localAddress: string;
  readonly oh: Buffer;
  readonly mode: number;
  readonly access: number;
  readonly reclaim: boolean;
}

/** One that lets go. `file` is undefined if it cannot be opened any more. */
export type Releasing<R extends { readonly file: OpenFile }> = Omit<R, 'file'> & {
  readonly file: OpenFile | undefined;
};

/**
 * `grace`: ask again later. `nolocks`: this server has no room, or cannot write its state. `deadlock`: who waited for this
 * lock would wait for itself.
 */
export type LockAnswer = 'granted' | 'denied' | 'blocked' | 'grace' | 'nolocks' | 'deadlock';

/** What stands in the way. A program of the host itself has no svid and no oh that a client could know: zero and nothing. */
export interface Obstacle extends Range {
  readonly exclusive: boolean;
  readonly svid: number;
  readonly oh: Buffer;
}

/** A waiter that has its lock and does not know it yet. */
export interface PendingGrant extends LockGrant {
  /** The client knows. */
  confirm(): void;
  /**
   * The client does not want it any more, or cannot be reached: it goes to the next. Not after {@link confirm}. On disk
   * when this ends.
   */
  refuse(): Promise<void>;
  readonly isPending: boolean;
  /** True if the client may have been told of it before: by a server process that has ended since. */
  readonly mayBeKnown: boolean;
}

export interface LockManagerOptions {
  readonly store: LockStore;
  /** The file behind a handle of an earlier life. */
  locate(handle: Buffer): Promise<{ readonly fileSystem: FileSystem; readonly inode: Inode }>;
  /** Has the client's restarts noticed from now on; on disk when this ends. */
  watch(client: Client & { readonly localAddress: string; readonly state: number }): Promise<void>;
  readonly grace: Grace;
  readonly log: Logger;
  readonly now?: () => number;
  readonly limits?: Partial<LockLimits>;
}

export interface LockLimits {
  /** Locks, waiters and shares in all. */
  readonly total: number;
  /** Waiters of one client. */
  readonly waiters: number;
}
