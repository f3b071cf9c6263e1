import type { Range } from '../../src/locks/range.ts';
import type { Request, Tag } from '../../src/locks/table.ts';

/** One owner's lock of one byte, or its wish for several. */
export interface Wish extends Range {
  readonly number: number;
  readonly owner: string;
  readonly exclusive: boolean;
}

/**
 * The lock table as one would say it: every byte between the marks of `bytes` has its own list of holders. Slow, and plain
 * enough to be right. `bytes` are the places at which ranges may begin and end.
 */
export class NaiveLocks {
  private readonly bytes: readonly bigint[];
  /** For each piece between two marks: its holders, true if exclusive. */
  readonly holders: Map<string, boolean>[];
  waiting: Wish[] = [];
  private count = 0;

  constructor(bytes: readonly bigint[]) {
    this.bytes = bytes;
    this.holders = bytes.slice(1).map(() => new Map());
  }

  lock({ owner, exclusive, start, end }: Request<Tag>, wait: boolean): 'granted' | 'waiting' | 'denied' | 'deadlock' {
    const wish: Wish = { owner, exclusive, start, end, number: this.count++ };
    const same = this.waiting.find((other) => isSame(other, wish));
    if (this.mayHave(same ?? wish, wait)) {
      this.waiting = this.waiting.filter((other) => other !== same);
      this.give(wish);
      this.serve();
      return 'granted';
    }
    if (!wait) return 'denied';
    if (this.waitedFor(wish, new Set()).has(owner)) return 'deadlock';
    if (same === undefined) this.waiting.push(wish);
    return 'waiting';
  }

  unlock(owner: string, range: Range): void {
    for (const piece of this.pieces(range)) piece.delete(owner);
    this.serve();
  }

  cancel(wish: Range & { owner: string; exclusive: boolean }): void {
    this.waiting = this.waiting.filter((other) => !isSame(other, wish));
    this.serve();
  }

  isFree(wish: Omit<Wish, 'number'>): boolean {
    return this.pieces(wish).every((piece) =>
      [...piece].every(([owner, exclusive]) => owner === wish.owner || !(exclusive || wish.exclusive)),
    );
  }

  /** The waiters that could be served: there must never be any. */
  servable(): Wish[] {
    return this.waiting.filter((wish) => this.mayHave(wish, true));
  }

  /** Everybody who has to let go before a wish is granted, of what is in its way or of what they wait for themselves. */
  private waitedFor(wish: Omit<Wish, 'number'>, found: Set<string>): Set<string> {
    for (const piece of this.pieces(wish)) {
      for (const [holder, exclusive] of piece) {
        if (holder === wish.owner || !(exclusive || wish.exclusive) || found.has(holder)) continue;
        found.add(holder);
        for (const other of this.waiting) if (other.owner === holder) this.waitedFor(other, found);
      }
    }
    return found;
  }

  private mayHave(wish: Wish, queues: boolean): boolean {
    if (!this.isFree(wish)) return false;
    if (!queues || this.holders.some((piece) => piece.has(wish.owner))) return true;
    return !this.waiting.some(
      (other) =>
        other.number < wish.number &&
        other.owner !== wish.owner &&
        (other.exclusive || wish.exclusive) &&
        other.start < wish.end &&
        wish.start < other.end,
    );
  }

  private serve(): void {
    for (let next = this.servable()[0]; next !== undefined; next = this.servable()[0]) {
      this.waiting.splice(this.waiting.indexOf(next), 1);
      this.give(next);
    }
  }

  private give(wish: Wish): void {
    for (const piece of this.pieces(wish)) piece.set(wish.owner, wish.exclusive);
  }

  private pieces({ start, end }: Range): Map<string, boolean>[] {
    return this.holders.filter((_, at) => this.bytes[at]! >= start && this.bytes[at + 1]! <= end);
  }
}

function isSame(a: Omit<Wish, 'number'>, b: Omit<Wish, 'number'>): boolean {
  return a.owner === b.owner && a.exclusive === b.exclusive && a.start === b.start && a.end === b.end;
}
