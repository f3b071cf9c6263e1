import type { KeptRecord } from '../state/index.ts';
import { freeClient, freeEveryClient, freeOwner, knowsClient } from './clients.ts';
import { answerTo, DurableLocks } from './durable.ts';
import type { OpenFile } from './files.ts';
import { Obstructions } from './obstructions.ts';
import { overlap } from './range.ts';
import {
  type Client,
  clientKey,
  type HeldLock,
  isRecordOf,
  type LockTag,
  ownerKey,
  recordOfShare,
  recordOfWaiter,
  shareOwnerKey,
  type WaitingLock,
} from './records.ts';
import { Recovery } from './recovery.ts';
import type {
  LockAnswer,
  LockLimits,
  LockManagerOptions,
  LockOptions,
  LockRequest,
  Obstacle,
  PendingGrant,
  Releasing,
  ShareRequest,
} from './requests.ts';
import type { Share } from './shares.ts';
import type { Request } from './table.ts';

const LIMITS: LockLimits = { total: 1_000_000, waiters: 10_000 };

/**
 * Locks of the clients on the files of this server: the table, durable, and the same locks on the host's own files. A
 * lock is on disk before it is granted, and its end before that is confirmed, so that after a crash they are simply there.
 */
export class LockManager {
  private readonly options: LockManagerOptions;
  private readonly now: () => number;
  private readonly limits: LockLimits;
  private readonly durable: DurableLocks;
  private readonly obstructions: Obstructions;
  private readonly recovery: Recovery;
  /** Told of every waiter that got its lock. */
  onGrant: (grant: PendingGrant) => void = () => {};

  constructor(options: LockManagerOptions) {
    const { store, log, limits, now = Date.now } = options;
    this.options = options;
    this.now = now;
    this.limits = { ...LIMITS, ...limits };
    this.durable = new DurableLocks({ store, log, onGrant: (grant) => this.onGrant(grant) });
    this.obstructions = new Obstructions(this.durable);
    this.recovery = new Recovery({
      locks: this.durable,
      obstructions: this.obstructions,
      locate: (handle) => options.locate(handle),
      log,
    });
  }

  /** Takes up what the store has: locks are there again, and waiters wait on. Grants begin to be told when this ends. */
  async load(): Promise<void> {
    const records = this.options.store.load();
    await this.recovery.takeUp(records);
    const { table, dormant } = this.durable;
    const found = { locks: table.held, waiters: table.waiting, dormant: dormant.size };
    if (records.length > 0) this.options.log.info(found, 'locks taken up');
  }

  /** Throws {@link FsError} for a lock that this host never could take. */
  async lock(request: LockRequest, options: LockOptions): Promise<LockAnswer> {
    const { grace } = this.options;
    const { files, table, pending } = this.durable;
    const client = clientKey(request);
    if (!options.reclaim) grace.asked(client);
    if (grace.isOpen && !options.reclaim) return 'grace';
    // A reclaim that comes too late is as good as any other request of a client that we know nothing of.
    if (!grace.isOpen && options.reclaim && !(await this.isHeld(request))) return 'denied';
    if (this.isFull) return 'nolocks';
    if (options.monitored) {
      const refusal = await this.watch(request, options.state);
      if (refusal !== undefined) return refusal;
    }
    const file = await this.fileFor(request);
    // Its last lock went in this very moment.
    if (!files.isOpen(file)) return this.lock(request, options);
    const wish = this.wishOf(file, request, options);
    const before = table.piecesOf(file, wish.owner, wish);
    const mayWait = options.callback !== undefined;
    files.failure = undefined;
    const outcome = table.lock(wish, mayWait && (table.waiterFor(wish) !== undefined || !this.isCrowded(client)));
    if (outcome.result !== 'granted' && files.failure !== undefined) {
      const { failure } = files;
      if (outcome.result === 'waiting') {
        await this.durable.settle(file, table.cancel(outcome.waiter), [outcome.waiter.id]);
      }
      this.durable.closeIfUnused(file);
      throw failure;
    }
    if (outcome.result === 'denied') {
      this.durable.closeIfUnused(file);
      return mayWait ? 'nolocks' : 'denied';
    }
    if (outcome.result === 'deadlock') {
      const { waiter } = outcome;
      if (waiter !== undefined) await this.durable.settle(file, table.cancel(waiter), [waiter.id]);
      this.durable.closeIfUnused(file);
      return 'deadlock';
    }
    if (outcome.result === 'waiting') return this.enqueue(outcome.waiter, outcome.isNew, wish);
    if (options.reclaim) grace.reclaimed(client);
    // It is told by this very answer, whatever becomes of a callback that is under way.
    if (outcome.waiter === undefined) pending.of(wish)?.confirm();
    try {
      await this.durable.commit(outcome.effects, { drop: outcome.waiter === undefined ? [] : [outcome.waiter.id] });
      return 'granted';
    } catch (error) {
      await this.durable.commitQuietly(table.replace(file, wish.owner, wish, before));
      this.durable.closeIfUnused(file);
      return answerTo(error);
    }
  }

  /** What stands in the way of a lock; `grace` while that cannot be known. */
  async test(request: LockRequest): Promise<Obstacle | 'grace' | undefined> {
    const { files, table } = this.durable;
    const file = await this.fileFor(request);
    if (!files.isOpen(file)) return this.test(request);
    const { exclusive } = request;
    const other = table.test(lockOf(file, request));
    const outside = other === undefined ? files.test(file, exclusive, request) : undefined;
    this.durable.closeIfUnused(file);
    if (other !== undefined) {
      return { ...other.tag, start: other.start, end: other.end, exclusive: other.exclusive };
    }
    if (outside !== undefined) return { ...outside, svid: 0, oh: Buffer.alloc(0) };
    // Who had a lock here may have it back yet.
    return this.options.grace.isOpen ? 'grace' : undefined;
  }

  async unlock(request: Omit<Releasing<LockRequest>, 'exclusive'>): Promise<LockAnswer> {
    const { table, pending } = this.durable;
    const owner = ownerKey(request.name, request.svid, request.oh);
    const file = await this.keyOf(request.file, request.handle);
    const dormant = this.durable.dormant.take(
      (record) => isRecordOf(record, request) && record.handle.equals(request.handle),
    );
    const dropped = dormant.map(({ id }) => id);
    if (file === undefined) return this.durable.settle(undefined, undefined, dropped);
    // As knfsd: whoever unlocks does not wait for the same any more.
    for (const exclusive of [true, false]) {
      const waiter = table.waiterFor(lockOf(file, { ...request, exclusive }));
      if (waiter === undefined) continue;
      dropped.push(waiter.id);
      await this.durable.commitQuietly(table.cancel(waiter));
    }
    // Another thread of the owner's may still wait for other bytes.
    pending.confirmAll((waiter) => waiter.file === file && waiter.owner === owner && overlap(waiter, request));
    return this.durable.settle(file, table.unlock(file, owner, request), dropped);
  }

  /** Takes a waiting request back. One that has been granted meanwhile, and not yet been told, is released again. */
  async cancel(request: Releasing<LockRequest>): Promise<LockAnswer> {
    const { table, pending } = this.durable;
    const file = await this.keyOf(request.file, request.handle);
    if (file === undefined) return 'denied';
    const wish = lockOf(file, request);
    const waiter = table.waiterFor(wish);
    if (waiter !== undefined) return this.durable.settle(file, table.cancel(waiter), [waiter.id]);
    const granted = pending.of(wish);
    if (granted === undefined) return 'denied';
    await granted.refuse();
    return 'granted';
  }

  async share(request: ShareRequest): Promise<LockAnswer> {
    const { files, table, shares } = this.durable;
    if (this.options.grace.isOpen && !request.reclaim) return 'grace';
    if (this.isFull) return 'nolocks';
    const { name, address, localAddress, handle, oh, mode, access } = request;
    const refusal = await this.watch(request, 0);
    if (refusal !== undefined) return refusal;
    const file = await this.fileFor(request);
    if (!files.isOpen(file)) return this.share(request);
    const share: Share = {
      ...{ id: table.newId(), file, owner: shareOwnerKey(name, oh), name, address, localAddress, handle, oh },
      ...{ mode, access, state: 0, since: this.now() },
    };
    const made = shares.share(share);
    if (made === false) {
      this.durable.closeIfUnused(file);
      return 'denied';
    }
    const replaced = made.before === undefined ? [] : [made.before.id];
    return this.durable.settle(file, undefined, replaced, [recordOfShare(share)]);
  }

  async unshare(request: Releasing<ShareRequest>): Promise<LockAnswer> {
    const file = await this.keyOf(request.file, request.handle);
    if (file === undefined) return 'granted';
    const share = this.durable.shares.unshare(file, shareOwnerKey(request.name, request.oh));
    return this.durable.settle(file, undefined, share === undefined ? [] : [share.id]);
  }

  /**
   * Frees what a client holds and waits for; of a client that has rebooted, what it had before that: what carries the new
   * state number it took afterwards. @returns how many locks and shares, and how many waiters.
   */
  freeClient(client: Client, exceptState?: number): Promise<{ locks: number; waiters: number }> {
    return freeClient(this.durable, client, exceptState);
  }

  /** Frees all that one owner holds. @returns how many locks and shares. */
  freeOwner(owner: string): Promise<number> {
    return freeOwner(this.durable, owner);
  }

  /** Lets go of everything, as a crash would that loses the locks. Waiters ask again by themselves. */
  forget(): Promise<void> {
    return freeEveryClient(this.durable);
  }

  /** True if a client holds or waits for anything. */
  knows(client: Client): boolean {
    return knowsClient(this.durable, client);
  }

  locks(): HeldLock[] {
    return [...this.durable.table.segments()];
  }

  waiters(): WaitingLock[] {
    return [...this.durable.table.waiters()].sort((a, b) => a.id - b.id);
  }

  shares(): Share[] {
    return [...this.durable.shares];
  }

  /** What is held and waited for of files that cannot be found now. */
  dormant(): KeptRecord[] {
    return [...this.durable.dormant];
  }

  /** Lets go of the files. What is held stays held in the store. */
  async close(): Promise<void> {
    this.obstructions.close();
    this.recovery.close();
    this.options.grace.close();
    this.durable.close();
  }

  /** Has a client's restarts noticed. @returns the answer to a request of one that cannot be written down. */
  private async watch(
    { name, address, localAddress }: Client & { readonly localAddress: string },
    state: number,
  ): Promise<LockAnswer | undefined> {
    try {
      await this.options.watch({ name, address, localAddress, state });
      return undefined;
    } catch (error) {
      const answer = answerTo(error);
      this.options.log.error({ client: name, address, err: error }, 'a client cannot be watched, and gets no locks');
      return answer;
    }
  }

  /** What the file of a request goes by; held open. */
  private async fileFor({ file, handle }: { file: OpenFile; handle: Buffer }): Promise<string> {
    if (this.durable.dormant.size > 0) await this.recovery.awaken(handle);
    return this.durable.files.hold(file);
  }

  /** The same for what does not hold it open; undefined if it has no locks and cannot be opened. */
  private async keyOf(file: OpenFile | undefined, handle: Buffer): Promise<string | undefined> {
    return file === undefined ? this.durable.fileOf(handle) : file.fileSystem.lockKey(file.inode);
  }

  private wishOf(file: string, request: LockRequest, { state, callback }: LockOptions): Request<LockTag> {
    const { name, address, localAddress, handle, svid, oh } = request;
    const client = clientKey(request);
    const tag = { client, name, address, localAddress, handle, svid, oh, state, since: this.now(), callback };
    return { ...lockOf(file, request), tag };
  }

  private async isHeld(request: LockRequest): Promise<boolean> {
    const file = await request.file.fileSystem.lockKey(request.file.inode);
    return this.durable.table.covers(lockOf(file, request));
  }

  private get isFull(): boolean {
    const { table, shares } = this.durable;
    return table.held + table.waiting + shares.size >= this.limits.total;
  }

  private isCrowded(client: string): boolean {
    const { table } = this.durable;
    if (table.waiting < this.limits.waiters) return false;
    let count = 0;
    for (const { tag } of table.waiters()) if (tag.client === client) count += 1;
    return count >= this.limits.waiters;
  }

  private async enqueue(waiter: WaitingLock, isNew: boolean, { tag }: Request<LockTag>): Promise<LockAnswer> {
    const { table } = this.durable;
    // Asked again: the client may have another way to be called by now.
    if (!isNew) table.retag(waiter, tag);
    this.obstructions.watch();
    const record = recordOfWaiter(isNew ? waiter : { ...waiter, tag });
    try {
      await this.durable.write(record === undefined ? [] : [record], []);
      return 'blocked';
    } catch (error) {
      await this.durable.commitQuietly(table.cancel(table.waiterFor(waiter) ?? waiter));
      return answerTo(error);
    }
  }
}

/** The lock that a request is about. */
function lockOf(
  file: string,
  { name, svid, oh, exclusive, start, end }: Omit<LockRequest, 'file'>,
): Omit<Request<LockTag>, 'tag'> {
  return { file, owner: ownerKey(name, svid, oh), exclusive, start, end };
}
