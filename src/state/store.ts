import type { ReplyJournal } from '../common/reply-journal.ts';
import type { HandleIndex, VerifierSource } from '../vfs/index.ts';
import type { HandleAliases } from './aliases.ts';
import type { ConnectionTable } from './connections.ts';
import type { LockStore } from './locks.ts';
import type { MonitorStore } from './monitors.ts';
import type { MountTable } from './mounts.ts';

/**
 * What a server keeps across restarts and takeovers. One process at a time holds it.
 *
 * Every implementation passes `test/state/suite.ts`.
 */
export interface StateStore {
  /** 32 random bytes, made with the store and the same ever after: file handles and verifiers are keyed with it. */
  readonly secret: Buffer;
  /**
   * Another value whenever the store is opened under another boot of a kernel: the page cache of the last one is gone. The
   * same after a close with everything flushed.
   */
  readonly verifier: VerifierSource;
  readonly index: HandleIndex;
  readonly mounts: MountTable;
  readonly locks: LockStore;
  /** Survives a loss of {@link locks}: it is kept elsewhere. */
  readonly monitors: MonitorStore;
  /** For NFSv2, whose handles are too short for some file systems' own. */
  readonly aliases: HandleAliases;
  /** Kept for the retransmissions that come after a crash or a takeover. */
  readonly replies: ReplyJournal;
  /**
   * The file system id of what `key` names (an export without `fsid=`): 63 random bits, never zero, no two alike.
   * On disk before this returns, because file handles carry it.
   */
  fsidFor(key: string): bigint;
  readonly connections: ConnectionTable;
  /**
   * Everything is on disk when this ends. The store cannot be used afterwards.
   * @param how `filesFlushed`: so is all that clients have written; {@link verifier} then outlives this boot of the kernel.
   */
  close(how?: { readonly filesFlushed: boolean }): Promise<void>;
}
