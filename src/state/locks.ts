import { randomBytes } from 'node:crypto';

/** What clients have locked or wait for, and all that it takes to go on with that after a restart. */
interface Kept {
  /** Among waiters the lower one came first. No id is used twice. */
  readonly id: number;
  /** The file, as the client names it. */
  readonly handle: Buffer;
  /** What the client calls itself (`caller_name`), one character to a byte. */
  readonly client: string;
  readonly address: string;
  /** Our address that the client speaks to. */
  readonly localAddress: string;
  readonly oh: Buffer;
  /** The client's NSM state number. */
  readonly state: number;
  /** Milliseconds since 1970. */
  readonly since: number;
}

interface KeptRange extends Kept {
  readonly svid: number;
  readonly exclusive: boolean;
  readonly start: bigint;
  readonly end: bigint;
}

export interface KeptLock extends KeptRange {
  readonly kind: 'lock';
}

export interface KeptWaiter extends KeptRange {
  readonly kind: 'waiter';
  /** How the client is to be called back. */
  readonly version: number;
  readonly transport: 'tcp' | 'udp';
  readonly cookie: Buffer;
  /** True if it asked by message (NLM_LOCK_MSG), and so is to be told by one. */
  readonly byMessage: boolean;
}

export interface KeptShare extends Kept {
  readonly kind: 'share';
  readonly mode: number;
  readonly access: number;
}

export type KeptRecord = KeptLock | KeptWaiter | KeptShare;

/** Locks, waiters and share reservations, durable. */
export interface LockStore {
  /** Names this set of tables: another one after they were lost or cleared. */
  readonly lineage: string;
  /** By id. */
  load(): KeptRecord[];
  /** All of it or nothing. On disk when this ends; many at once share a flush. Rejects if it could not be written. */
  write(put: readonly KeptRecord[], drop: readonly number[]): Promise<void>;
  /** Forgets everything, on disk when this returns; {@link lineage} is a new one. */
  clear(): void;
}

export class MemoryLocks implements LockStore {
  lineage = newLineage();
  private readonly records = new Map<number, KeptRecord>();

  load(): KeptRecord[] {
    return [...this.records.values()].sort((a, b) => a.id - b.id);
  }

  async write(put: readonly KeptRecord[], drop: readonly number[]): Promise<void> {
    for (const id of drop) this.records.delete(id);
    for (const record of put) this.records.set(record.id, record);
  }

  clear(): void {
    this.records.clear();
    this.lineage = newLineage();
  }
}

export function newLineage(): string {
  return randomBytes(16).toString('hex');
}

/** As JSON, so that a later version may add to it. Bytes are base64, ranges decimal. */
export function encodeRecord(record: KeptRecord): Buffer {
  const plain: Record<string, unknown> = { ...record };
  for (const [name, value] of Object.entries(record)) {
    if (typeof value === 'bigint') plain[name] = value.toString();
    else if (Buffer.isBuffer(value)) plain[name] = value.toString('base64');
  }
  return Buffer.from(JSON.stringify(plain));
}

export function decodeRecord(value: Buffer): KeptRecord {
  return JSON.parse(value.toString(), (name, field) => {
    if (name === 'start' || name === 'end') return BigInt(field);
    return name === 'handle' || name === 'oh' || name === 'cookie' ? Buffer.from(field, 'base64') : field;
  });
}
