import { LicenceLost } from '../common/licence.ts';
import type { Logger } from '../common/log.ts';
import type { KeptLock, KeptRecord, KeptShare, KeptWaiter, LockStore } from '../state/index.ts';
import { type FileSystem, FsError, type Inode } from '../vfs/index.ts';
import { LockedFiles, type OpenFile } from './files.ts';
import type { Grace } from './grace.ts';
import { Handover } from './handover.ts';
import { END, type Range } from './range.ts';
import {
  type Callback,
  type Client,
  clientKey,
  type HeldLock,
  type LockGrant,
  type LockTag,
  lockOfRecord,
  ownerKey,
  recordOfLock,
  recordOfWaiter,
  type WaitingLock,
} from './records.ts';
import { type Share, ShareTable } from './shares.ts';
import { type Effects, LockTable, type Request } from './table.ts';

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

/** `grace`: ask again later. `nolocks`: this server has no room, or cannot write its state. */
export type LockAnswer = 'granted' | 'denied' | 'blocked' | 'grace' | 'nolocks';

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
  /** The client does not want it any more, or cannot be reached: it goes to the next. Not after {@link confirm}. */
  refuse(): void;
  readonly isPending: boolean;
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

const LIMITS: LockLimits = { total: 1_000_000, waiters: 10_000 };
/** How often a lock that a program of the host stands in the way of is tried again. */
const OBSTRUCTED_MS = 50;
/** After a failed write, until the next try. */
const REPAIR_MS = 1000;
const WHOLE: Range = { start: 0n, end: END };

/**
 * Locks of the clients on the files of this server: the table, durable, and the same locks on the host's own files. A
 * lock is on disk before it is granted, and its end before that is confirmed, so that after a crash they are simply there.
 */
export class LockManager {
  private readonly options: LockManagerOptions;
  private readonly store: LockStore;
  private readonly log: Logger;
  private readonly now: () => number;
  private readonly limits: LockLimits;
  private readonly files: LockedFiles;
  private readonly table: LockTable<LockTag>;
  private readonly handover: Handover;
  private readonly shares = new ShareTable();
  private readonly pending = new Map<number, Pending>();
  /** Records whose file cannot be found now: its export is not mounted, or is gone. */
  private dormant: KeptRecord[] = [];
  private poller: NodeJS.Timeout | undefined;
  private repair: NodeJS.Timeout | undefined;
  private isClosed = false;
  /** Told of every waiter that got its lock. */
  onGrant: (grant: PendingGrant) => void = () => {};

  constructor(options: LockManagerOptions) {
    this.options = options;
    this.store = options.store;
    this.log = options.log;
    this.now = options.now ?? Date.now;
    this.limits = { ...LIMITS, ...options.limits };
    this.files = new LockedFiles(options.log);
    this.table = new LockTable(this.files);
    this.handover = new Handover({
      files: this.files,
      held: (file) => this.locks().filter((lock) => lock.file === file),
      log: options.log,
    });
  }

  /** Takes up what the store has: locks are there again, and waiters wait on. Grants begin to be told when this ends. */
  async load(): Promise<void> {
    const records = this.store.load();
    await this.takeUp(records);
    const { held, waiting } = this.table;
    if (records.length > 0)
      this.log.info({ locks: held, waiters: waiting, dormant: this.dormant.length }, 'locks taken up');
  }

  async lock(request: LockRequest, options: LockOptions): Promise<LockAnswer> {
    const { grace } = this.options;
    const client = clientKey(request);
    if (!options.reclaim) grace.asked(client);
    if (grace.isOpen && !options.reclaim) return 'grace';
    // A reclaim that comes too late is as good as any other request of a client that we know nothing of.
    if (!grace.isOpen && options.reclaim && !(await this.isHeld(request))) return 'denied';
    if (this.table.held + this.table.waiting >= this.limits.total) return 'nolocks';
    if (options.monitored) {
      const { name, address, localAddress } = request;
      await this.options.watch({ name, address, localAddress, state: options.state });
    }
    if (this.dormant.length > 0) await this.awaken(request.handle);
    const file = await this.files.hold(request.file);
    // Its last lock went in this very moment.
    if (!this.files.isOpen(file)) return this.lock(request, options);
    const wish = this.wishOf(file, request, options);
    const before = this.heldPieces(wish);
    const outcome = this.table.lock(wish, options.callback !== undefined && !this.isCrowded(client));
    if (outcome.result === 'denied') {
      this.closeIfUnused(file);
      return 'denied';
    }
    if (outcome.result === 'waiting') return this.enqueue(outcome.waiter, outcome.isNew, wish);
    if (options.reclaim) grace.reclaimed(client);
    const waited = outcome.waiter ?? this.pendingFor(wish);
    // It is told by this very answer, whatever becomes of a callback that is under way.
    if (waited !== undefined) this.pending.get(waited.id)?.confirm();
    try {
      await this.commit(outcome.effects, { drop: outcome.waiter === undefined ? [] : [outcome.waiter.id] });
      return 'granted';
    } catch (error) {
      await this.commitQuietly(this.table.replace(file, wish.owner, wish, before));
      this.closeIfUnused(file);
      return answerTo(error);
    }
  }

  async test(request: LockRequest): Promise<Obstacle | undefined> {
    if (this.dormant.length > 0) await this.awaken(request.handle);
    const file = await this.files.hold(request.file);
    if (!this.files.isOpen(file)) return this.test(request);
    const { name, svid, oh, exclusive, start, end } = request;
    const other = this.table.test({ file, owner: ownerKey(name, svid, oh), exclusive, start, end });
    const outside = other === undefined ? this.files.test(file, exclusive, request) : undefined;
    this.closeIfUnused(file);
    if (other !== undefined) return { ...other.tag, ...rangeOf(other), exclusive: other.exclusive };
    return outside && { ...outside, svid: 0, oh: Buffer.alloc(0) };
  }

  /** `file` is undefined if it cannot be opened any more. */
  async unlock(
    request: Omit<LockRequest, 'file' | 'exclusive'> & { readonly file: OpenFile | undefined },
  ): Promise<LockAnswer> {
    const owner = ownerKey(request.name, request.svid, request.oh);
    const file = await this.keyOf(request.file, request.handle);
    const dormant = this.forgetDormant(
      (record) => isSameOwner(record, request) && record.handle.equals(request.handle),
    );
    if (file === undefined) return this.answer({ removed: [], added: [], granted: [] }, dormant);
    const dropped: number[] = [...dormant];
    // As knfsd: whoever unlocks does not wait for the same any more.
    for (const exclusive of [true, false]) {
      const waiter = this.table.waiterFor({ file, owner, exclusive, ...rangeOf(request) });
      if (waiter === undefined) continue;
      dropped.push(waiter.id);
      await this.commitQuietly(this.table.cancel(waiter));
    }
    for (const grant of [...this.pending.values()]) {
      if (grant.waiter.file === file && grant.waiter.owner === owner) grant.confirm();
    }
    const effects = this.table.unlock(file, owner, request);
    this.closeIfUnused(file);
    return this.answer(effects, dropped);
  }

  /** Takes a waiting request back. One that has been granted meanwhile, and not yet been told, is released again. */
  async cancel(request: Omit<LockRequest, 'file'> & { readonly file: OpenFile | undefined }): Promise<LockAnswer> {
    const file = await this.keyOf(request.file, request.handle);
    if (file === undefined) return 'denied';
    const { name, svid, oh, exclusive, start, end } = request;
    const wish = { file, owner: ownerKey(name, svid, oh), exclusive, start, end };
    const waiter = this.table.waiterFor(wish);
    if (waiter !== undefined) {
      const effects = this.table.cancel(waiter);
      this.closeIfUnused(file);
      return this.answer(effects, [waiter.id]);
    }
    const granted = this.pendingFor(wish);
    if (granted === undefined) return 'denied';
    this.pending.get(granted.id)?.refuse();
    return 'granted';
  }

  async share(request: ShareRequest): Promise<LockAnswer> {
    const { grace } = this.options;
    if (grace.isOpen && !request.reclaim) return 'grace';
    const { name, address, localAddress, handle, oh, mode, access } = request;
    await this.options.watch({ name, address, localAddress, state: 0 });
    if (this.dormant.length > 0) await this.awaken(handle);
    const file = await this.files.hold(request.file);
    if (!this.files.isOpen(file)) return this.share(request);
    const id = this.table.newId();
    const share: Share = {
      ...{ id, file, owner: ownerKey(name, 0, oh), name, address, localAddress, handle, oh },
      ...{ mode, access, state: 0, since: this.now() },
    };
    const made = this.shares.share(share);
    if (made === false) {
      this.closeIfUnused(file);
      return 'denied';
    }
    return this.answer(undefined, made.before === undefined ? [] : [made.before.id], [recordOfShare(share)]);
  }

  async unshare(request: Omit<ShareRequest, 'file'> & { readonly file: OpenFile | undefined }): Promise<LockAnswer> {
    const file = await this.keyOf(request.file, request.handle);
    if (file === undefined) return 'granted';
    const share = this.shares.unshare(file, ownerKey(request.name, 0, request.oh));
    this.closeIfUnused(file);
    return share === undefined ? 'granted' : this.answer(undefined, [share.id]);
  }

  /**
   * Frees what a client holds and waits for; of a client that has rebooted, what it had before that: what carries the new
   * state number it took afterwards. @returns how many locks and shares, and how many waiters.
   */
  async freeClient(client: Client, exceptState?: number): Promise<{ locks: number; waiters: number }> {
    const key = clientKey(client);
    const isOld = ({ state }: { state: number }) => exceptState === undefined || state !== exceptState;
    const waiters = [...this.table.waiters()].filter(({ tag }) => tag.client === key && isOld(tag));
    const segments = this.table.ofClient(key).filter(({ tag }) => isOld(tag));
    const shares = [...this.shares].filter((share) => clientKey(share) === key && isOld(share));
    const dropped = this.forgetDormant(
      (record) => clientKey({ name: record.client, address: record.address }) === key && isOld(record),
    );
    const freed = { locks: segments.length + shares.length + dropped.length, waiters: waiters.length };
    for (const grant of [...this.pending.values()])
      if (grant.waiter.tag.client === key && isOld(grant.waiter.tag)) grant.confirm();
    await Promise.all([
      ...waiters.map((waiter) => this.release(waiter.file, this.table.cancel(waiter), [waiter.id])),
      ...segments.map((segment) =>
        this.release(segment.file, this.table.unlock(segment.file, segment.owner, segment), []),
      ),
      ...shares.map((share) => {
        this.shares.unshare(share.file, share.owner);
        return this.release(share.file, undefined, [share.id]);
      }),
      this.release(undefined, undefined, dropped),
    ]);
    return freed;
  }

  /** Frees all that one owner holds. @returns how many locks. */
  async freeOwner(owner: string): Promise<number> {
    const segments = [...this.table.segments()].filter((segment) => segment.owner === owner);
    await Promise.all(segments.map(({ file }) => this.release(file, this.table.unlock(file, owner, WHOLE), [])));
    return segments.length;
  }

  /** Lets go of everything, as a crash would that loses the locks. Waiters ask again by themselves. */
  async forget(): Promise<void> {
    const clients = new Map(
      [...this.records().values()].map((record) => [`${record.client}\0${record.address}`, record]),
    );
    for (const { client: name, address } of clients.values()) await this.freeClient({ name, address });
  }

  /** True if a client holds or waits for anything. */
  knows(client: Client): boolean {
    const key = clientKey(client);
    if (this.table.ofClient(key).length > 0) return true;
    for (const { tag } of this.table.waiters()) if (tag.client === key) return true;
    for (const share of this.shares) if (clientKey(share) === key) return true;
    return this.dormant.some((record) => clientKey({ name: record.client, address: record.address }) === key);
  }

  locks(): HeldLock[] {
    return [...this.table.segments()];
  }

  waiters(): WaitingLock[] {
    return [...this.table.waiters()].sort((a, b) => a.id - b.id);
  }

  /** Lets go of the files. What is held stays held in the store. */
  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.poller);
    clearTimeout(this.repair);
    this.handover.close();
    this.options.grace.close();
    this.files.closeAll();
  }

  private wishOf(file: string, request: LockRequest, { state, callback }: LockOptions): Request<LockTag> {
    const { name, address, localAddress, handle, svid, oh, exclusive, start, end } = request;
    const client = clientKey(request);
    const tag = { client, name, address, localAddress, handle, svid, oh, state, since: this.now(), callback };
    return { file, owner: ownerKey(name, svid, oh), exclusive, start, end, tag };
  }

  private heldPieces({ file, owner, start, end }: Request<LockTag>): HeldLock[] {
    return this.table.heldBy(file, owner, { start, end }).map((held) => ({
      ...held,
      start: held.start > start ? held.start : start,
      end: held.end < end ? held.end : end,
    }));
  }

  private async isHeld(request: LockRequest): Promise<boolean> {
    const key = await request.file.fileSystem.lockKey(request.file.inode);
    const { name, svid, oh, exclusive } = request;
    return this.covers(key, ownerKey(name, svid, oh), exclusive, request);
  }

  /** True if an owner holds all of a range, and strongly enough. */
  private covers(file: string, owner: string, exclusive: boolean, { start, end }: Range): boolean {
    let at = start;
    for (const held of this.table.heldBy(file, owner, { start, end })) {
      if (held.start > at || (exclusive && !held.exclusive)) return false;
      at = held.end;
    }
    return at >= end;
  }

  private isCrowded(client: string): boolean {
    if (this.table.waiting < this.limits.waiters) return false;
    let count = 0;
    for (const { tag } of this.table.waiters()) if (tag.client === client) count += 1;
    return count >= this.limits.waiters;
  }

  private async enqueue(waiter: WaitingLock, isNew: boolean, { tag }: Request<LockTag>): Promise<LockAnswer> {
    // Asked again: the client may have another way to be called by now.
    if (!isNew) this.table.retag(waiter, tag);
    this.poll();
    const record = recordOfWaiter(isNew ? waiter : { ...waiter, tag });
    try {
      await this.write(record === undefined ? [] : [record], []);
      return 'blocked';
    } catch (error) {
      await this.commitQuietly(this.table.cancel(this.table.waiterFor(waiter) ?? waiter));
      return answerTo(error);
    }
  }

  private pendingFor(wish: Omit<Request<LockTag>, 'tag'>): WaitingLock | undefined {
    for (const { waiter } of this.pending.values()) {
      const isSame =
        waiter.file === wish.file &&
        waiter.owner === wish.owner &&
        waiter.exclusive === wish.exclusive &&
        waiter.start === wish.start &&
        waiter.end === wish.end;
      if (isSame) return waiter;
    }
    return undefined;
  }

  /** What a file goes by, also one that was removed while it has locks; undefined if it has none. */
  private async keyOf(file: OpenFile | undefined, handle: Buffer): Promise<string | undefined> {
    if (file !== undefined) return file.fileSystem.lockKey(file.inode);
    for (const { file: key, tag } of this.table.segments()) if (tag.handle.equals(handle)) return key;
    for (const { file: key, tag } of this.table.waiters()) if (tag.handle.equals(handle)) return key;
    for (const share of this.shares) if (share.handle.equals(handle)) return share.file;
    return undefined;
  }

  private closeIfUnused(file: string): void {
    if (!this.table.has(file) && !this.shares.has(file)) this.files.close(file);
  }

  private async release(
    file: string | undefined,
    effects: Effects<LockTag> | undefined,
    drop: readonly number[],
  ): Promise<void> {
    if (file !== undefined) this.closeIfUnused(file);
    await this.answer(effects, drop);
  }

  private async answer(
    effects: Effects<LockTag> | undefined,
    drop: readonly number[],
    put: readonly KeptRecord[] = [],
  ): Promise<LockAnswer> {
    try {
      await this.commit(effects, { drop, put });
      return 'granted';
    } catch (error) {
      return answerTo(error);
    }
  }

  private async commitQuietly(effects: Effects<LockTag>): Promise<void> {
    await this.commit(effects, {}).catch(() => {});
  }

  /** Writes what an operation did, then has those told who got their lock by it. */
  private async commit(
    effects: Effects<LockTag> | undefined,
    more: { readonly drop?: readonly number[]; readonly put?: readonly KeptRecord[] },
  ): Promise<void> {
    const { removed = [], added = [], granted = [] } = effects ?? {};
    const grants = granted.map((grant) => this.pend(grant));
    const put = [...added.map(recordOfLock), ...(more.put ?? [])];
    const drop = [...removed.map(({ id }) => id), ...(more.drop ?? [])];
    try {
      if (put.length + drop.length > 0) await this.write(put, drop);
    } finally {
      // Also if it could not be written: memory has granted it, and the client would wait for ever.
      for (const grant of grants) if (grant.isPending && !this.isClosed) this.onGrant(grant);
    }
  }

  private pend(grant: LockGrant): Pending {
    const { waiter } = grant;
    const end = () => {
      this.pending.delete(waiter.id);
      // The record goes only now: until the client knows, a restart has to tell it again.
      this.write([], [waiter.id]).catch(() => {});
    };
    const pending = new Pending(grant, end, () => {
      const effects = this.table.replace(waiter.file, waiter.owner, waiter, grant.before);
      this.closeIfUnused(waiter.file);
      void this.commitQuietly(effects);
    });
    this.pending.set(waiter.id, pending);
    return pending;
  }

  private async write(put: readonly KeptRecord[], drop: readonly number[]): Promise<void> {
    try {
      await this.store.write(put, drop);
    } catch (error) {
      if (error instanceof LicenceLost) throw error;
      this.log.error({ err: error }, 'locks could not be written; trying again');
      this.repair ??= setTimeout(() => void this.makeEqual(), REPAIR_MS).unref();
      throw error;
    }
  }

  /** After a failed write: makes the store what memory is. */
  private async makeEqual(): Promise<void> {
    this.repair = undefined;
    if (this.isClosed) return;
    const records = this.records();
    const drop = this.store.load().flatMap(({ id }) => (records.has(id) ? [] : [id]));
    await this.write([...records.values()], drop).catch(() => {});
  }

  private records(): Map<number, KeptRecord> {
    const waiting = [...this.table.waiters(), ...[...this.pending.values()].map(({ waiter }) => waiter)];
    const all: (KeptRecord | undefined)[] = [
      ...[...this.table.segments()].map(recordOfLock),
      ...waiting.map(recordOfWaiter),
      ...[...this.shares].map(recordOfShare),
      ...this.dormant,
    ];
    return new Map(all.flatMap((record) => (record === undefined ? [] : [[record.id, record]])));
  }

  /** Tries the waiters again whose way a program of the host was in; the host does not tell when it lets go. */
  private poll(): void {
    if (this.files.obstructed.size === 0 || this.poller !== undefined) return;
    this.poller = setInterval(() => {
      for (const file of this.files.obstructed) {
        this.files.obstructed.delete(file);
        const effects = this.table.retry(file);
        if (effects.granted.length > 0) void this.commitQuietly(effects);
      }
      if (this.files.obstructed.size > 0) return;
      clearInterval(this.poller);
      this.poller = undefined;
    }, OBSTRUCTED_MS);
    this.poller.unref();
  }

  private forgetDormant(isMeant: (record: KeptRecord) => boolean): number[] {
    const going = this.dormant.filter(isMeant);
    if (going.length > 0) this.dormant = this.dormant.filter((record) => !going.includes(record));
    return going.map(({ id }) => id);
  }

  /** Looks for the files of dormant records again: of this handle, which has just been found. */
  private async awaken(handle: Buffer): Promise<void> {
    const now = this.dormant.filter((record) => record.handle.equals(handle));
    if (now.length === 0) return;
    this.dormant = this.dormant.filter((record) => !now.includes(record));
    await this.takeUp(now);
  }

  private async takeUp(records: readonly KeptRecord[]): Promise<void> {
    const byHandle = new Map<string, KeptRecord[]>();
    for (const record of records) {
      this.table.skipId(record.id);
      const handle = record.handle.toString('latin1');
      const others = byHandle.get(handle);
      if (others === undefined) byHandle.set(handle, [record]);
      else others.push(record);
    }
    const touched = new Set<string>();
    for (const ofFile of byHandle.values()) {
      const file = await this.find(ofFile);
      if (file === undefined) this.dormant.push(...ofFile);
      else touched.add(file);
      for (const record of file === undefined ? [] : ofFile)
        if (record.kind !== 'waiter') this.takeUpHeld(file!, record);
      for (const record of file === undefined ? [] : ofFile)
        if (record.kind === 'waiter') this.takeUpWaiter(file!, record);
    }
    for (const file of touched) {
      this.closeIfUnused(file);
      await this.commitQuietly(this.table.retry(file));
    }
    this.poll();
  }

  private async find(records: readonly KeptRecord[]): Promise<string | undefined> {
    const [{ handle } = { handle: Buffer.alloc(0) }] = records;
    try {
      return await this.files.hold(await this.options.locate(handle));
    } catch (error) {
      if (!(error instanceof FsError)) throw error;
      this.log.warn(
        { handle: handle.toString('hex'), records: records.length, reason: String(error) },
        'the file of a lock is not to be found now',
      );
      return undefined;
    }
  }

  private takeUpHeld(file: string, record: KeptLock | KeptShare): void {
    if (record.kind === 'share') {
      const { client: name, oh } = record;
      this.shares.share({ ...record, file, name, owner: ownerKey(name, 0, oh) });
      return;
    }
    const lock = lockOfRecord(file, record);
    if (!this.table.restore(lock)) {
      this.log.error({ client: lock.tag.name, file }, 'a lock in the state contradicts another one, and is dropped');
      this.write([], [lock.id]).catch(() => {});
    } else if (!this.files.take(file, lock.exclusive, lock)) {
      this.handover.wait(file);
    }
  }

  private takeUpWaiter(file: string, record: KeptWaiter): void {
    const waiter = lockOfRecord(file, record);
    if (this.covers(file, waiter.owner, waiter.exclusive, waiter)) {
      // It was granted, and perhaps never told.
      const grant = this.pend({ waiter, before: [] });
      setImmediate(() => {
        if (grant.isPending && !this.isClosed) this.onGrant(grant);
      });
    } else {
      this.table.restoreWaiter(waiter);
    }
  }
}

class Pending implements PendingGrant {
  readonly waiter: WaitingLock;
  readonly before: readonly HeldLock[];
  private readonly end: () => void;
  private readonly undo: () => void;
  isPending = true;

  constructor({ waiter, before }: LockGrant, end: () => void, undo: () => void) {
    this.waiter = waiter;
    this.before = before;
    this.end = end;
    this.undo = undo;
  }

  confirm(): void {
    if (!this.isPending) return;
    this.isPending = false;
    this.end();
  }

  refuse(): void {
    if (!this.isPending) return;
    this.confirm();
    this.undo();
  }
}

/** What a client is told when its change could not be written; nothing at all if the right to serve was gone. */
function answerTo(error: unknown): LockAnswer {
  if (error instanceof LicenceLost) throw error;
  return 'nolocks';
}

function rangeOf({ start, end }: Range): Range {
  return { start, end };
}

function isSameOwner(record: KeptRecord, { name, svid, oh }: { name: string; svid: number; oh: Buffer }): boolean {
  return record.client === name && record.oh.equals(oh) && (record.kind === 'share' || record.svid === svid);
}

function recordOfShare({ id, handle, name, address, localAddress, oh, state, since, mode, access }: Share): KeptShare {
  return { kind: 'share', id, handle, client: name, address, localAddress, oh, state, since, mode, access };
}
