import { fdatasync, fsync } from 'node:fs';
import type { Awaitable } from '../../common/awaitable.ts';
import { FsError } from '../error.ts';
import type { VerifierSource } from '../ports.ts';
import { nodeError } from './errno.ts';
import { becomeServer } from './identity.ts';
import type { LocalInode } from './inode.ts';
import { inPool, syncfs } from './libc.ts';

/** One flush at work, and at most one that waits behind it and that everybody who comes meanwhile shares. */
export interface FlushState {
  running: Promise<void>;
  queued: Promise<void> | undefined;
  /** The queued one is for the attributes too. */
  queuedFully: boolean;
}

/** How a file gets to stable storage: a descriptor to fsync, or the whole file system for what cannot be opened. */
export type FlushTarget = { readonly fd: number } | { readonly fileSystemOf: number };

/**
 * Group commit: concurrent changes of one file wait for one flush. A change that comes while a flush runs is not
 * covered by it, and waits for the next.
 */
export class Flusher {
  readonly #verifier: VerifierSource;
  readonly #targetOf: (inode: LocalInode) => FlushTarget;
  readonly #pin: (inode: LocalInode, by: 1 | -1) => void;
  readonly #memory: boolean;

  /**
   * @param memory the file system is tmpfs or its like: there is nothing behind the memory.
   * @param pin keeps a file open while it is flushed.
   */
  constructor(
    verifier: VerifierSource,
    memory: boolean,
    targetOf: (inode: LocalInode) => FlushTarget,
    pin: (inode: LocalInode, by: 1 | -1) => void,
  ) {
    this.#verifier = verifier;
    this.#memory = memory;
    this.#targetOf = targetOf;
    this.#pin = pin;
  }

  /**
   * Done when everything that was changed in the file before this call is on stable storage.
   * @param fully false: only what is needed to read the data back (fdatasync).
   */
  flush(inode: LocalInode, fully: boolean): Awaitable<void> {
    if (this.#memory) {
      inode.dirty = false;
      return;
    }
    const state = inode.flush;
    if (state === undefined) return this.#start(inode, fully);
    state.queuedFully ||= fully;
    state.queued ??= this.#after(inode, state);
    return state.queued;
  }

  /** The same for several files at once. */
  flushAll(inodes: readonly LocalInode[]): Awaitable<void> {
    if (this.#memory) return;
    return Promise.all(inodes.map((inode) => this.flush(inode, true))).then(() => {});
  }

  #start(inode: LocalInode, fully: boolean): Promise<void> {
    const running = this.#run(inode, fully);
    const state: FlushState = { running, queued: undefined, queuedFully: false };
    inode.flush = state;
    const ended = () => {
      if (inode.flush === state && state.queued === undefined) inode.flush = undefined;
    };
    running.then(ended, ended);
    return running;
  }

  async #after(inode: LocalInode, state: FlushState): Promise<void> {
    // Its failure is told to those who wait for it.
    await state.running.catch(() => {});
    return this.#start(inode, state.queuedFully);
  }

  async #run(inode: LocalInode, fully: boolean): Promise<void> {
    this.#pin(inode, 1);
    try {
      becomeServer();
      const target = this.#targetOf(inode);
      // Before the flush begins: a write that comes while it runs makes the file dirty again.
      inode.dirty = false;
      await this.#write(target, fully);
    } finally {
      this.#pin(inode, -1);
    }
  }

  async #write(target: FlushTarget, fully: boolean): Promise<void> {
    try {
      if ('fd' in target) await synchronise(target.fd, fully);
      else if ((await inPool(syncfs, target.fileSystemOf)) < 0) throw new FsError('IO', 'syncfs');
    } catch (error) {
      // The kernel reports a lost page once and then forgets it: clients must send everything again.
      this.#verifier.advance();
      throw error;
    }
  }
}

function synchronise(fd: number, fully: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error: NodeJS.ErrnoException | null) => (error ? reject(nodeError(error, 'fsync')) : resolve());
    if (fully) fsync(fd, done);
    else fdatasync(fd, done);
  });
}
