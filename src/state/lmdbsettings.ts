import type { Database } from 'lmdb';
import type { ChangeGuard } from '../common/licence.ts';
import type { Settings } from './settings.ts';

/** Settings in LMDB. Each write is a transaction of its own, and LMDB has flushed it when it returns. */
export class LmdbSettings implements Settings {
  private readonly database: Database<Buffer, Buffer>;
  private readonly guard: ChangeGuard;

  constructor(database: Database<Buffer, Buffer>, guard: ChangeGuard) {
    this.database = database;
    this.guard = guard;
  }

  get(name: string): Buffer | undefined {
    const value = this.database.get(Buffer.from(name));
    return value && Buffer.from(value);
  }

  set(name: string, value: Buffer): void {
    this.guard.check();
    this.database.transactionSync(() => {
      this.database.put(Buffer.from(name), value);
    });
  }

  entries(prefix: string): [name: string, value: Buffer][] {
    const found: [string, Buffer][] = [];
    for (const { key, value } of this.database.getRange({ start: Buffer.from(prefix) })) {
      const name = Buffer.from(key).toString();
      if (!name.startsWith(prefix)) break;
      found.push([name, Buffer.from(value)]);
    }
    return found;
  }
}
