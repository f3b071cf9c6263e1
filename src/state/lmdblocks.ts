import type { Database } from 'lmdb';
import type { ChangeGuard } from '../common/licence.ts';
import { damaged } from './datafile.ts';
import { reason } from './error.ts';
import { decodeRecord, encodeRecord, type KeptRecord, type LockStore, newLineage } from './locks.ts';
import type { Settings } from './settings.ts';

const LINEAGE = 'lock lineage';
const KEY_BYTES = 8;

/** Locks in LMDB. What is written within one turn of the event loop shares a transaction and a flush. */
export class LmdbLocks implements LockStore {
  private readonly database: Database<Buffer, Buffer>;
  private readonly settings: Settings;
  private readonly guard: ChangeGuard;
  private readonly path: string;
  lineage: string;

  /** @param path of the database, for who is told that it is damaged */
  constructor(path: string, database: Database<Buffer, Buffer>, settings: Settings, guard: ChangeGuard) {
    this.path = path;
    this.database = database;
    this.settings = settings;
    this.guard = guard;
    this.lineage = settings.get(LINEAGE)?.toString() ?? this.renew();
  }

  /** Throws StateError if one of them is damaged. */
  load(): KeptRecord[] {
    const records: KeptRecord[] = [];
    try {
      for (const { value } of this.database.getRange({})) records.push(decodeRecord(value));
    } catch (error) {
      throw damaged(this.path, `a lock in it cannot be read: ${reason(error)}`);
    }
    return records;
  }

  async write(put: readonly KeptRecord[], drop: readonly number[]): Promise<void> {
    this.guard.check();
    await this.database.batch(() => {
      for (const id of drop) this.database.remove(keyOf(id));
      for (const record of put) this.database.put(keyOf(record.id), encodeRecord(record));
    });
    await this.database.flushed;
  }

  clear(): void {
    this.guard.check();
    this.database.clearSync();
    this.lineage = this.renew();
  }

  private renew(): string {
    const lineage = newLineage();
    this.settings.set(LINEAGE, Buffer.from(lineage));
    return lineage;
  }
}

function keyOf(id: number): Buffer {
  const key = Buffer.alloc(KEY_BYTES);
  key.writeBigUInt64BE(BigInt(id));
  return key;
}
