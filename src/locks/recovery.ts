import type { Logger } from '../common/log.ts';
import type { KeptLock, KeptRecord, KeptShare, KeptWaiter } from '../state/index.ts';
import { FsError } from '../vfs/index.ts';
import type { DurableLocks } from './durable.ts';
import type { OpenFile } from './files.ts';
import { Handover } from './handover.ts';
import type { Obstructions } from './obstructions.ts';
import { lockOfRecord, shareOfRecord } from './records.ts';

export interface RecoveryOptions {
  readonly locks: DurableLocks;
  readonly obstructions: Obstructions;
  /** The file behind a handle of an earlier life. */
  locate(handle: Buffer): Promise<OpenFile>;
  readonly log: Logger;
}

/** Takes up what the store has from an earlier life: locks are there again, and waiters wait on. */
export class Recovery {
  private readonly options: RecoveryOptions;
  private readonly locks: DurableLocks;
  private readonly log: Logger;
  private readonly handover: Handover;

  constructor(options: RecoveryOptions) {
    this.options = options;
    this.locks = options.locks;
    this.log = options.log;
    const { files, table } = this.locks;
    this.handover = new Handover({
      files,
      held: (file) => [...table.segments()].filter((lock) => lock.file === file),
      log: options.log,
    });
  }

  close(): void {
    this.handover.close();
  }

  /** Looks for the files of dormant records again: of this handle, which has just been found. */
  async awaken(handle: Buffer): Promise<void> {
    const records = this.locks.dormant.take((record) => record.handle.equals(handle));
    if (records.length > 0) await this.takeUp(records);
  }

  async takeUp(records: readonly KeptRecord[]): Promise<void> {
    const { table, dormant } = this.locks;
    const byHandle = new Map<string, KeptRecord[]>();
    for (const record of records) {
      table.skipId(record.id);
      const handle = record.handle.toString('latin1');
      const others = byHandle.get(handle);
      if (others === undefined) byHandle.set(handle, [record]);
      else others.push(record);
    }
    const touched = new Set<string>();
    for (const ofFile of byHandle.values()) {
      const file = await this.find(ofFile);
      if (file === undefined) {
        dormant.add(ofFile);
        continue;
      }
      touched.add(file);
      for (const record of ofFile) if (record.kind !== 'waiter') this.takeUpHeld(file, record);
      for (const record of ofFile) if (record.kind === 'waiter') this.takeUpWaiter(file, record);
    }
    for (const file of touched) {
      this.locks.closeIfUnused(file);
      await this.locks.commitQuietly(table.retry(file));
    }
    this.options.obstructions.watch();
  }

  private async find(records: readonly KeptRecord[]): Promise<string | undefined> {
    const [{ handle } = { handle: Buffer.alloc(0) }] = records;
    try {
      return await this.locks.files.hold(await this.options.locate(handle));
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
    const { locks } = this;
    if (record.kind === 'share') {
      locks.shares.share(shareOfRecord(file, record));
      return;
    }
    const lock = lockOfRecord(file, record);
    if (!locks.table.restore(lock)) {
      this.log.error({ client: lock.tag.name, file }, 'a lock in the state contradicts another one, and is dropped');
      locks.write([], [lock.id]).catch(() => {});
    } else if (!locks.files.take(file, lock.exclusive, lock)) {
      this.handover.wait(file);
    }
  }

  private takeUpWaiter(file: string, record: KeptWaiter): void {
    const waiter = lockOfRecord(file, record);
    if (this.locks.table.covers(waiter)) {
      // It was granted, and perhaps never told.
      const grant = this.locks.pend({ waiter, before: [] }, true);
      setImmediate(() => this.locks.tell(grant));
    } else {
      this.locks.table.restoreWaiter(waiter);
    }
  }
}
