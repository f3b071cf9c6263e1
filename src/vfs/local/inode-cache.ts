import { close as closeInPool } from 'node:fs';
import type { FileType } from '../attributes.ts';
import type { DescriptorBudget, Reclaimer } from './descriptors.ts';
import { type FileKey, forgetPlace, LocalInode } from './inode.ts';
import { close } from './libc.ts';
import { statOf } from './stat.ts';

/** How many files one look for removed ones takes in: a millisecond at most. */
const LOOKED_AT = 1000;

/** The inodes that are open, each once, in the order of their last use. */
export class InodeCache implements Reclaimer {
  readonly budget: DescriptorBudget;
  readonly #byBody = new Map<string, LocalInode>();
  readonly #byFile = new Map<FileKey, LocalInode>();
  /** Ends of the chain. */
  #newest: LocalInode | undefined;
  #oldest: LocalInode | undefined;
  readonly #flushBeforeClosing: (inode: LocalInode) => void;

  #round: Iterator<LocalInode, undefined> = this.#byBody.values();

  /** @param flushBeforeClosing starts a flush of a file with UNSTABLE data, whose errors would be lost by closing it. */
  constructor(budget: DescriptorBudget, flushBeforeClosing: (inode: LocalInode) => void) {
    this.budget = budget;
    this.#flushBeforeClosing = flushBeforeClosing;
    budget.add(this);
  }

  get size(): number {
    return this.#byBody.size;
  }

  byBody(key: string): LocalInode | undefined {
    return this.#byBody.get(key);
  }

  byFile(key: FileKey): LocalInode | undefined {
    return this.#byFile.get(key);
  }

  all(): Iterable<LocalInode> {
    return this.#byBody.values();
  }

  /** Takes in a file just opened; `fd` becomes the cache's. */
  add(body: Buffer, fileKey: FileKey, type: FileType, fd: number): LocalInode {
    try {
      this.budget.hold();
    } catch (error) {
      close(fd);
      throw error;
    }
    const inode = new LocalInode(body, body.toString('latin1'), fileKey, type, fd);
    // A body that is in use for another file: that one is gone, and its number was given away.
    const former = this.#byBody.get(inode.bodyKey);
    if (former !== undefined) this.doom(former);
    this.#byBody.set(inode.bodyKey, inode);
    this.#byFile.set(fileKey, inode);
    this.#link(inode);
    return inode;
  }

  /** Says that an inode is in use now. */
  touch(inode: LocalInode): void {
    if (this.#newest === inode || inode.closed) return;
    this.#unlink(inode);
    this.#link(inode);
  }

  /** Counts operations at work on an inode. One that was to be dropped meanwhile goes with the last of them. */
  pin(inode: LocalInode, by: 1 | -1): void {
    inode.pins += by;
    if (inode.pins === 0 && inode.doomed) this.drop(inode, true);
  }

  /** Lets go of a file that was removed, so that its storage is freed now and not when its turn comes. */
  doom(inode: LocalInode): void {
    inode.doomed = true;
    if (inode.pins === 0) this.drop(inode, true);
  }

  /**
   * Lets go of files that were removed on the server itself: held here, their storage would not be freed. Looks at a
   * part of the files each time, round and round.
   */
  dropRemoved(): void {
    for (let looked = 0; looked < LOOKED_AT; looked += 1) {
      const next = this.#round.next();
      if (next.done) {
        this.#round = this.#byBody.values();
        return;
      }
      const inode = next.value;
      if (inode.pins === 0 && statOf(inode.fd).nlink === 0) this.doom(inode);
    }
  }

  oldest(): number | undefined {
    return this.#victim()?.used;
  }

  reclaim(): void {
    const victim = this.#victim();
    if (victim !== undefined) this.drop(victim);
  }

  /** Closes an inode. With `gone`, its storage may be freed by this, which can take long: not on this thread. */
  drop(inode: LocalInode, gone = false): void {
    if (inode.closed) return;
    inode.closed = true;
    if (this.#byBody.get(inode.bodyKey) === inode) this.#byBody.delete(inode.bodyKey);
    if (this.#byFile.get(inode.fileKey) === inode) this.#byFile.delete(inode.fileKey);
    this.#unlink(inode);
    forgetPlace(inode);
    for (const child of inode.children?.values() ?? []) child.parent = undefined;
    inode.children = undefined;
    for (const fd of [inode.directoryFd, inode.readFd, inode.writeFd, inode.fd]) {
      if (fd < 0) continue;
      if (gone) closeInPool(fd, () => {});
      else close(fd);
      this.budget.release();
    }
    inode.fd = inode.readFd = inode.writeFd = inode.directoryFd = -1;
  }

  close(): void {
    for (const inode of [...this.all()]) this.drop(inode);
    this.budget.remove(this);
  }

  /** The longest unused inode that may be closed. One with UNSTABLE data is flushed first and can go the next time. */
  #victim(): LocalInode | undefined {
    let looked = 0;
    for (let inode = this.#oldest; inode !== undefined; inode = inode.newer) {
      if (inode.pins > 0) continue;
      if (!inode.dirty) return inode;
      this.#flushBeforeClosing(inode);
      if (++looked === 64) return undefined;
    }
    return undefined;
  }

  #link(inode: LocalInode): void {
    inode.used = tick++;
    inode.older = this.#newest;
    inode.newer = undefined;
    if (this.#newest !== undefined) this.#newest.newer = inode;
    this.#newest = inode;
    this.#oldest ??= inode;
  }

  #unlink(inode: LocalInode): void {
    if (inode.older !== undefined) inode.older.newer = inode.newer;
    else if (this.#oldest === inode) this.#oldest = inode.newer;
    if (inode.newer !== undefined) inode.newer.older = inode.older;
    else if (this.#newest === inode) this.#newest = inode.older;
    inode.older = inode.newer = undefined;
  }
}

/** Orders the last uses over all file systems. */
let tick = 0;
