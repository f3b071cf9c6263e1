import { LicenceLost } from '../common/licence.ts';
import type { Logger } from '../common/log.ts';
import type { KeptRecord, LockStore } from '../state/index.ts';
import { DormantRecords } from './dormant.ts';
import { LockedFiles } from './files.ts';
import { PendingGrants } from './grants.ts';
import { type LockGrant, type LockTag, recordOfLock, recordOfShare, recordOfWaiter } from './records.ts';
import type { LockAnswer, PendingGrant } from './requests.ts';
import { ShareTable } from './shares.ts';
import { type Effects, LockTable } from './table.ts';

/** After a failed write, until the next try. */
const REPAIR_MS = 1000;

export interface DurableLocksOptions {
  readonly store: LockStore;
  readonly log: Logger;
  /** Told of every waiter that got its lock. */
  onGrant(grant: PendingGrant): void;
}

/**
 * All that clients hold and wait for: in memory, on the host's own files, and in the store. What an operation did to the
 * tables is made durable by {@link commit}.
 */
export class DurableLocks {
  readonly files: LockedFiles;
  readonly table: LockTable<LockTag>;
  readonly shares = new ShareTable();
  readonly pending = new PendingGrants();
  readonly dormant = new DormantRecords();
  private readonly options: DurableLocksOptions;
  private repair: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(options: DurableLocksOptions) {
    this.options = options;
    this.files = new LockedFiles(options.log);
    this.table = new LockTable(this.files);
  }

  /** Lets go of the files. What is held stays held in the store. */
  close(): void {
    this.isClosed = true;
    clearTimeout(this.repair);
    this.files.closeAll();
  }

  /** What the file of a handle goes by, also one that was removed while it has locks; undefined if it has none. */
  fileOf(handle: Buffer): string | undefined {
    for (const { file, tag } of this.table.segments()) if (tag.handle.equals(handle)) return file;
    for (const { file, tag } of this.table.waiters()) if (tag.handle.equals(handle)) return file;
    for (const share of this.shares) if (share.handle.equals(handle)) return share.file;
    return undefined;
  }

  closeIfUnused(file: string): void {
    if (!this.table.has(file) && !this.shares.has(file)) this.files.close(file);
  }

  /** {@link commit} as an answer. `file` is closed if it has nothing left. */
  async settle(
    file: string | undefined,
    effects: Effects<LockTag> | undefined,
    drop: readonly number[],
    put: readonly KeptRecord[] = [],
  ): Promise<LockAnswer> {
    if (file !== undefined) this.closeIfUnused(file);
    try {
      await this.commit(effects, { drop, put });
      return 'granted';
    } catch (error) {
      return answerTo(error);
    }
  }

  async commitQuietly(effects: Effects<LockTag>): Promise<void> {
    await this.commit(effects, {}).catch(() => {});
  }

  /** Writes what an operation did, then has those told who got their lock by it. */
  async commit(
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
      for (const grant of grants) this.tell(grant);
    }
  }

  /** Keeps a grant until its client knows of it. */
  pend(grant: LockGrant, mayBeKnown = false): PendingGrant {
    const { waiter, before } = grant;
    const ended = () => {
      // The record goes only now: until the client knows, a restart has to tell it again.
      this.write([], [waiter.id]).catch(() => {});
    };
    return this.pending.add(grant, mayBeKnown, ended, () => {
      const effects = this.table.replace(waiter.file, waiter.owner, waiter, before);
      this.closeIfUnused(waiter.file);
      return this.commitQuietly(effects);
    });
  }

  tell(grant: PendingGrant): void {
    if (grant.isPending && !this.isClosed) this.options.onGrant(grant);
  }

  async write(put: readonly KeptRecord[], drop: readonly number[]): Promise<void> {
    try {
      await this.options.store.write(put, drop);
    } catch (error) {
      if (error instanceof LicenceLost) throw error;
      this.options.log.error({ err: error }, 'locks could not be written; trying again');
      this.repair ??= setTimeout(() => void this.makeEqual(), REPAIR_MS).unref();
      throw error;
    }
  }

  records(): Map<number, KeptRecord> {
    const waiting = [...this.table.waiters(), ...this.pending.waiters()];
    const all: (KeptRecord | undefined)[] = [
      ...[...this.table.segments()].map(recordOfLock),
      ...waiting.map(recordOfWaiter),
      ...[...this.shares].map(recordOfShare),
      ...this.dormant,
    ];
    return new Map(all.flatMap((record) => (record === undefined ? [] : [[record.id, record]])));
  }

  /** After a failed write: makes the store what memory is. */
  private async makeEqual(): Promise<void> {
    this.repair = undefined;
    if (this.isClosed) return;
    const records = this.records();
    const drop = this.options.store.load().flatMap(({ id }) => (records.has(id) ? [] : [id]));
    await this.write([...records.values()], drop).catch(() => {});
  }
}

/** What a client is told when its change could not be written; nothing at all if the right to serve was gone. */
export function answerTo(error: unknown): LockAnswer {
  if (error instanceof LicenceLost) throw error;
  return 'nolocks';
}
