import type { Database } from 'lmdb';
import type { Awaitable } from '../common/awaitable.ts';
import type { ChangeGuard } from '../common/licence.ts';
import { FsError } from '../vfs/index.ts';

/**
 * Short names for file handles that do not fit into NFSv2's 32 bytes. Whoever names a handle makes the same alias of it
 * every time, so that an alias that was lost comes back with the next LOOKUP of its file.
 */
export interface HandleAliases {
  find(alias: Buffer): Buffer | undefined;
  /** On disk when this ends: a client keeps what it was given over a restart of the server. Throws {@link FsError} IO. */
  keep(alias: Buffer, body: Buffer): Awaitable<void>;
}

export class MemoryAliases implements HandleAliases {
  private readonly bodies = new Map<string, Buffer>();

  find(alias: Buffer): Buffer | undefined {
    return this.bodies.get(alias.toString('latin1'));
  }

  keep(alias: Buffer, body: Buffer): void {
    this.bodies.set(alias.toString('latin1'), Buffer.from(body));
  }
}

export class LmdbAliases implements HandleAliases {
  private readonly database: Database<Buffer, Buffer>;
  private readonly guard: ChangeGuard;
  private readonly report: (error: unknown) => void;
  /** On their way to the disk. */
  private readonly writing = new Map<string, Promise<void>>();

  constructor(database: Database<Buffer, Buffer>, guard: ChangeGuard, report: (error: unknown) => void) {
    this.database = database;
    this.guard = guard;
    this.report = report;
  }

  find(alias: Buffer): Buffer | undefined {
    const body = this.database.get(alias);
    return body && Buffer.from(body);
  }

  keep(alias: Buffer, body: Buffer): Awaitable<void> {
    const key = alias.toString('latin1');
    const running = this.writing.get(key);
    if (running !== undefined) return running;
    if (this.database.get(alias) !== undefined) return;
    this.guard.check();
    const written = this.write(Buffer.from(alias), Buffer.from(body)).finally(() => this.writing.delete(key));
    this.writing.set(key, written);
    return written;
  }

  private async write(alias: Buffer, body: Buffer): Promise<void> {
    try {
      await this.database.put(alias, body);
      await this.database.flushed;
    } catch (error) {
      this.report(error);
      throw new FsError('IO', 'alias');
    }
  }
}
