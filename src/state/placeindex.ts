import { setImmediate, setTimeout } from 'node:timers/promises';
import type { Database } from 'lmdb';
import type { ChangeGuard } from '../common/licence.ts';
import { FsError, type HandleIndex, type Place } from '../vfs/index.ts';
import type { Journal } from './journal.ts';
import { behind, decodePlace, encodePlace, prefixOf } from './placekey.ts';

const PRESENT = Buffer.of(1);
/** Changes handed to the database at once; more would hold up the event loop. */
const ROUND = 500;
/** Places known to be in the index, in each of two generations. A place takes about 150 bytes. */
const KNOWN = 32_768;
const RETRY_MS = 1000;

interface Change {
  readonly key: string;
  readonly id: string;
  readonly encoded: Buffer;
  readonly present: boolean;
}

/**
 * The handle index in LMDB. An LMDB transaction that has returned is also on disk, which would hold the event loop up
 * for an fdatasync for each new file. So a change goes to a journal first, where it is safe from a crash of
 * the process, and to LMDB in the background; until it is there it is answered from memory.
 */
export class PlaceIndex implements HandleIndex {
  private readonly database: Database<Buffer, Buffer>;
  private readonly journal: Journal;
  private readonly guard: ChangeGuard;
  private readonly report: (error: unknown) => void;
  /** Changes not yet in the database, by key and place, for lookups. */
  private readonly unsettled = new Map<string, Map<string, Change>>();
  private queue: Change[] = [];
  private settling: Promise<void> | undefined;
  private closing = false;
  private known = new Set<string>();
  private knownBefore = new Set<string>();

  constructor(
    database: Database<Buffer, Buffer>,
    journal: Journal,
    guard: ChangeGuard,
    report: (error: unknown) => void,
  ) {
    this.database = database;
    this.journal = journal;
    this.guard = guard;
    this.report = report;
    if (journal.found.length > 0) {
      database.transactionSync(() => {
        for (const record of journal.found) {
          const encoded = record.subarray(1);
          if (record[0] === 1) database.put(encoded, PRESENT);
          else database.remove(encoded);
        }
      });
    }
    journal.clear();
  }

  places(key: Buffer): Place[] {
    const prefix = prefixOf(key);
    const changes = this.unsettled.get(key.toString('latin1'));
    const found: Place[] = [];
    for (const encoded of this.database.getKeys({ start: prefix, end: behind(prefix) })) {
      const bytes = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length);
      if (!changes?.has(bytes.toString('latin1'))) found.push(decodePlace(bytes, prefix));
    }
    for (const change of changes?.values() ?? []) {
      if (change.present) found.push(decodePlace(change.encoded, prefix));
    }
    return found;
  }

  add(entries: readonly { readonly key: Buffer; readonly place: Place }[]): void {
    const changes: Change[] = [];
    for (const { key, place } of entries) {
      const encoded = encodePlace(prefixOf(key), place);
      const id = encoded.toString('latin1');
      if (this.isKnown(id)) continue;
      const owner = key.toString('latin1');
      const change = this.unsettled.get(owner)?.get(id);
      if (change === undefined ? this.database.get(encoded) === undefined : !change.present) {
        changes.push({ key: owner, id, encoded, present: true });
      } else {
        this.learn(id);
      }
    }
    this.make(changes);
  }

  remove(key: Buffer, place: Place): void {
    const encoded = encodePlace(prefixOf(key), place);
    const id = encoded.toString('latin1');
    this.known.delete(id);
    this.knownBefore.delete(id);
    this.make([{ key: key.toString('latin1'), id, encoded, present: false }]);
  }

  /** No more changes come. What can be settled is in the database and on disk when this ends; the rest is in the journal. */
  async close(): Promise<void> {
    this.closing = true;
    await this.settling;
    this.journal.close();
  }

  private make(changes: readonly Change[]): void {
    if (changes.length === 0) return;
    this.guard.check();
    try {
      this.journal.append(changes.map((change) => Buffer.concat([Buffer.of(change.present ? 1 : 0), change.encoded])));
    } catch (error) {
      this.report(error);
      throw new FsError(isNoSpace(error) ? 'NOSPC' : 'IO', 'index');
    }
    for (const change of changes) {
      let ofKey = this.unsettled.get(change.key);
      if (ofKey === undefined) this.unsettled.set(change.key, (ofKey = new Map()));
      ofKey.set(change.id, change);
      this.queue.push(change);
      if (change.present) this.learn(change.id);
    }
    this.settling ??= this.settle().finally(() => {
      this.settling = undefined;
    });
  }

  private async settle(): Promise<void> {
    while (this.queue.length > 0) {
      // What comes within one turn of the event loop shares a transaction and a flush.
      await setImmediate();
      const changes = this.queue;
      this.queue = [];
      const forget = this.journal.turn();
      for (let at = 0; at < changes.length; at += ROUND) {
        if (!(await this.write(changes.slice(at, at + ROUND)))) return;
      }
      await this.database.flushed;
      forget();
    }
  }

  /**
   * Tries until the database takes it: until then the journal holds it, and memory answers for it.
   * @returns false if it did not, and the store is closing.
   */
  private async write(changes: readonly Change[]): Promise<boolean> {
    while (!(await this.tryWrite(changes))) {
      if (this.closing) return false;
      await setTimeout(RETRY_MS, undefined, { ref: false });
    }
    for (const change of changes) {
      const ofKey = this.unsettled.get(change.key);
      if (ofKey?.get(change.id) !== change) continue;
      ofKey.delete(change.id);
      if (ofKey.size === 0) this.unsettled.delete(change.key);
    }
    return true;
  }

  private async tryWrite(changes: readonly Change[]): Promise<boolean> {
    try {
      await this.database.batch(() => {
        for (const { encoded, present } of changes) {
          if (present) this.database.put(encoded, PRESENT);
          else this.database.remove(encoded);
        }
      });
      return true;
    } catch (error) {
      this.report(error);
      return false;
    }
  }

  private isKnown(id: string): boolean {
    return this.known.has(id) || this.knownBefore.has(id);
  }

  private learn(id: string): void {
    if (this.known.size >= KNOWN) {
      this.knownBefore = this.known;
      this.known = new Set();
    }
    this.known.add(id);
  }
}

function isNoSpace(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
