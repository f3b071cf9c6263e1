import type { Database } from 'lmdb';
import type { ChangeGuard } from '../common/licence.ts';

/** A TCP connection: our end, and the client's. */
export interface OpenConnection {
  readonly localAddress: string;
  readonly localPort: number;
  readonly address: string;
  readonly port: number;
}

/**
 * The connections that clients have open, so that whoever serves next can wake them: a client that waits for a reply
 * sends nothing by itself for up to a minute. Written in the background; the last moments before a crash may be missing.
 */
export interface ConnectionTable {
  /** Those that the last holder of the state left open. */
  readonly left: readonly OpenConnection[];
  opened(connection: OpenConnection): void;
  closed(connection: OpenConnection): void;
  /** Forgets those of {@link left} that did not come again: their clients are gone, or have found another way. */
  forgetLeft(): void;
}

export class MemoryConnections implements ConnectionTable {
  readonly left: readonly OpenConnection[] = [];
  opened(): void {}
  closed(): void {}
  forgetLeft(): void {}
}

const PRESENT = Buffer.of(1);

export class LmdbConnections implements ConnectionTable {
  readonly left: readonly OpenConnection[];
  private readonly database: Database<Buffer, Buffer>;
  private readonly guard: ChangeGuard;
  private readonly report: (error: unknown) => void;
  /** How many are open by a key: a client may come again by the same port before its last connection is known to be gone. */
  private readonly open = new Map<string, number>();

  constructor(database: Database<Buffer, Buffer>, guard: ChangeGuard, report: (error: unknown) => void) {
    this.database = database;
    this.guard = guard;
    this.report = report;
    const left: OpenConnection[] = [];
    for (const key of database.getKeys({})) {
      const [localAddress = '', localPort, address = '', port] = Buffer.from(key).toString().split(' ');
      left.push({ localAddress, localPort: Number(localPort), address, port: Number(port) });
    }
    this.left = left;
  }

  opened(connection: OpenConnection): void {
    const key = keyOf(connection);
    const others = this.open.get(key) ?? 0;
    this.open.set(key, others + 1);
    if (others === 0) this.write(() => this.database.put(Buffer.from(key), PRESENT));
  }

  closed(connection: OpenConnection): void {
    const key = keyOf(connection);
    const others = (this.open.get(key) ?? 1) - 1;
    if (others > 0) {
      this.open.set(key, others);
      return;
    }
    this.open.delete(key);
    this.write(() => this.database.remove(Buffer.from(key)));
  }

  forgetLeft(): void {
    for (const connection of this.left) {
      const key = keyOf(connection);
      if (!this.open.has(key)) this.write(() => this.database.remove(Buffer.from(key)));
    }
  }

  private write(change: () => Promise<boolean>): void {
    try {
      this.guard.check();
    } catch {
      // Whoever has the right to serve now keeps a table of its own.
      return;
    }
    change().catch(this.report);
  }
}

function keyOf({ localAddress, localPort, address, port }: OpenConnection): string {
  return `${localAddress} ${localPort} ${address} ${port}`;
}
