import { closesCircle } from './circle.ts';
import { common, END, earlier, gapsIn, later, overlap, type Range, shrink, without } from './range.ts';
import { type Claim, ClaimTree } from './tree.ts';

/** What a lock's owner is part of, and how that was doing when it asked. */
export interface Tag {
  readonly client: string;
  /** The client's NSM state number: another one after it has rebooted. */
  readonly state: number;
}

/** A piece of a file that an owner has locked. An owner's pieces in a file never overlap, and equal ones never touch. */
export interface Segment<T extends Tag> extends Claim {
  readonly file: string;
  readonly tag: T;
}

/** A request that waits for others to let go. Lower ids came first. */
export interface Waiter<T extends Tag> extends Segment<T> {}

export type Request<T extends Tag> = Omit<Segment<T>, 'id'>;

/** A waiter that got its lock. */
export interface Grant<T extends Tag> {
  readonly waiter: Waiter<T>;
  /** What its owner held of the range until then. */
  readonly before: readonly Segment<T>[];
}

/** What an operation did to the table. */
export interface Effects<T extends Tag> {
  readonly removed: Segment<T>[];
  readonly added: Segment<T>[];
  readonly granted: Grant<T>[];
}

export type Outcome<T extends Tag> =
  /** `waiter` is the one that waited for this very lock, and does so no more. */
  | { readonly result: 'granted'; readonly effects: Effects<T>; readonly waiter: Waiter<T> | undefined }
  /** `isNew` is false if it waited already. */
  | { readonly result: 'waiting'; readonly waiter: Waiter<T>; readonly isNew: boolean }
  /** It would wait for itself. `waiter` is the one that waits for this very lock already. */
  | { readonly result: 'deadlock'; readonly waiter: Waiter<T> | undefined }
  | { readonly result: 'denied' };

/**
 * Locks that stand outside this table on the same files: those of the host's own programs. The table has there, for each
 * byte, the strongest lock that any owner has of it.
 */
export interface Gate {
  /** Changes what the table has of a range; false, and nothing changed, if somebody outside is in the way. */
  take(file: string, exclusive: boolean, range: Range): boolean;
  release(file: string, range: Range): void;
}

export const OPEN: Gate = { take: () => true, release: () => {} };

interface FileLocks<T extends Tag> {
  readonly held: ClaimTree<Segment<T>>;
  readonly owners: Map<string, ClaimTree<Segment<T>>>;
  readonly waiting: ClaimTree<Waiter<T>>;
}

/** A range of a file. */
interface Place extends Range {
  readonly file: string;
}

const WHOLE: Range = { start: 0n, end: END };

/**
 * Byte-range locks with fcntl(2)'s rules: read and write locks, split and merged, raised and lowered in place.
 *
 * Waiters are served in the order they came. One that conflicts with none before it is served at once, and a blocking
 * request is held back by waiters it conflicts with, so that readers cannot starve a writer. Two kinds of request pass the
 * queue: those that do not wait, and those of an owner that already has a lock, on whichever file, which those in the queue
 * may be waiting for: to hold it back could lock both for ever. Who would wait for itself is told so.
 *
 * Pure: no input or output but the {@link Gate}'s, and no clock.
 */
export class LockTable<T extends Tag> {
  private readonly gate: Gate;
  private readonly files = new Map<string, FileLocks<T>>();
  private readonly byClient = new Map<string, Set<Segment<T>>>();
  /** How many pieces each owner holds, on all files, and what it waits for. */
  private readonly piecesBy = new Map<string, number>();
  private readonly waitersBy = new Map<string, Set<Waiter<T>>>();
  private nextId = 1;
  private heldCount = 0;
  private waitingCount = 0;

  constructor(gate: Gate = OPEN) {
    this.gate = gate;
  }

  get held(): number {
    return this.heldCount;
  }

  get waiting(): number {
    return this.waitingCount;
  }

  /** With `wait`, a lock that cannot be had now is queued. */
  lock(request: Request<T>, wait: boolean): Outcome<T> {
    const file = this.fileOf(request.file);
    const known = this.waiterFor(request);
    if (this.mayHave(file, request, wait ? (known?.id ?? this.nextId) : 0) && this.take(request)) {
      const effects: Effects<T> = { removed: [], added: [], granted: [] };
      const awake: Place[] = [];
      if (known !== undefined) {
        this.leave(file, known);
        awake.push(known);
      }
      awake.push(...this.apply(file, request, effects));
      this.wake(awake, effects);
      return { result: 'granted', effects, waiter: known };
    }
    if (wait && this.wouldWaitForItself(request)) {
      this.prune(request.file, file);
      return { result: 'deadlock', waiter: known };
    }
    if (wait && known !== undefined) return { result: 'waiting', waiter: known, isNew: false };
    if (wait) {
      const waiter: Waiter<T> = { ...request, id: this.newId() };
      this.queue(file, waiter);
      return { result: 'waiting', waiter, isNew: true };
    }
    this.prune(request.file, file);
    return { result: 'denied' };
  }

  /** The lock that stands in the way of a request; undefined if it would be granted. */
  test(request: Omit<Request<T>, 'tag'>): Segment<T> | undefined {
    return this.files.get(request.file)?.held.conflicting(request, request.owner, request.exclusive);
  }

  unlock(name: string, owner: string, range: Range): Effects<T> {
    return this.replace(name, owner, range, []);
  }

  /** Makes what an owner holds of a range these pieces, as far as others' locks allow it. */
  replace(name: string, owner: string, range: Range, pieces: readonly Segment<T>[]): Effects<T> {
    const effects: Effects<T> = { removed: [], added: [], granted: [] };
    const file = this.files.get(name);
    const own = file?.owners.get(owner);
    if (file === undefined || own === undefined) return effects;
    const freed: Place[] = [];
    for (const segment of own.overlapping(range)) {
      this.drop(file, segment, effects);
      for (const rest of without(segment, range)) this.keep(file, { ...segment, ...rest }, effects);
      freed.push({ file: name, ...common(segment, range) });
    }
    for (const piece of pieces) {
      const isFree = file.held.conflicting(piece, owner, piece.exclusive) === undefined;
      if (isFree && this.take(piece)) this.apply(file, piece, effects);
    }
    for (const part of freed) {
      for (const gap of gapsIn(part, file.held.overlapping(part))) this.gate.release(name, gap);
    }
    this.wake(freed, effects);
    return effects;
  }

  /** The waiter that wants this very lock. */
  waiterFor(request: Omit<Request<T>, 'tag'>): Waiter<T> | undefined {
    const { file, owner, exclusive, start, end } = request;
    for (const waiter of this.waitersBy.get(owner) ?? []) {
      if (waiter.file !== file || waiter.exclusive !== exclusive) continue;
      if (waiter.start === start && waiter.end === end) return waiter;
    }
    return undefined;
  }

  /** Gives a waiter another tag. */
  retag(waiter: Waiter<T>, tag: T): void {
    if (this.waitersBy.get(waiter.owner)?.has(waiter) !== true) return;
    const file = this.fileOf(waiter.file);
    this.leave(file, waiter);
    this.queue(file, { ...waiter, tag });
  }

  /** An id that nothing else has. */
  newId(): number {
    return this.nextId++;
  }

  /** An id that is in use. */
  skipId(id: number): void {
    this.nextId = Math.max(this.nextId, id + 1);
  }

  /** The waiters of a file, first come first. */
  waitersOn(name: string): Waiter<T>[] {
    return [...(this.files.get(name)?.waiting ?? [])].sort((a, b) => a.id - b.id);
  }

  /** Takes a waiter out of the queue, for which those behind it may move up. */
  cancel(waiter: Waiter<T>): Effects<T> {
    const effects: Effects<T> = { removed: [], added: [], granted: [] };
    if (this.waitersBy.get(waiter.owner)?.has(waiter) !== true) return effects;
    this.leave(this.fileOf(waiter.file), waiter);
    this.wake([waiter], effects);
    return effects;
  }

  /** Looks at a file's waiters again: what stood outside in their way may be gone. */
  retry(name: string): Effects<T> {
    const effects: Effects<T> = { removed: [], added: [], granted: [] };
    this.wake([{ file: name, ...WHOLE }], effects);
    return effects;
  }

  /** Takes in a lock from an earlier life; false if it cannot stand beside those that are there. */
  restore(segment: Segment<T>): boolean {
    const file = this.fileOf(segment.file);
    this.skipId(segment.id);
    if (file.held.conflicting(segment, segment.owner, segment.exclusive) !== undefined) return false;
    if ((file.owners.get(segment.owner)?.overlapping(segment).length ?? 0) > 0) return false;
    this.hold(file, segment);
    return true;
  }

  /** Takes in a waiter from an earlier life. It is looked at by the next {@link retry}. */
  restoreWaiter(waiter: Waiter<T>): void {
    this.skipId(waiter.id);
    this.queue(this.fileOf(waiter.file), waiter);
  }

  has(name: string): boolean {
    return this.files.has(name);
  }

  /** What an owner holds of a range, and nothing beyond it. */
  piecesOf(name: string, owner: string, range: Range): Segment<T>[] {
    return this.heldBy(name, owner, range).map((held) => ({ ...held, ...common(held, range) }));
  }

  /** True if an owner holds all of a range, and strongly enough. */
  covers({ file, owner, exclusive, start, end }: Omit<Request<T>, 'tag'>): boolean {
    let at = start;
    for (const held of this.heldBy(file, owner, { start, end })) {
      if (held.start > at || (exclusive && !held.exclusive)) return false;
      at = held.end;
    }
    return at >= end;
  }

  /** What a client holds, on all files. */
  ofClient(client: string): Segment<T>[] {
    return [...(this.byClient.get(client) ?? [])];
  }

  *segments(): Generator<Segment<T>> {
    for (const file of this.files.values()) yield* file.held;
  }

  *waiters(): Generator<Waiter<T>> {
    for (const file of this.files.values()) yield* file.waiting;
  }

  private heldBy(name: string, owner: string, range: Range): Segment<T>[] {
    return this.files.get(name)?.owners.get(owner)?.overlapping(range) ?? [];
  }

  private fileOf(name: string): FileLocks<T> {
    let file = this.files.get(name);
    if (file === undefined) {
      file = { held: new ClaimTree(), owners: new Map(), waiting: new ClaimTree() };
      this.files.set(name, file);
    }
    return file;
  }

  private prune(name: string, file: FileLocks<T>): void {
    if (file.held.size === 0 && file.waiting.size === 0) this.files.delete(name);
  }

  /** Whether the table lets an owner have a lock, given the waiters with ids below `before`. */
  private mayHave(file: FileLocks<T>, request: Request<T>, before: number): boolean {
    const { owner, exclusive } = request;
    if (file.held.conflicting(request, owner, exclusive) !== undefined) return false;
    if (before === 0 || this.piecesBy.has(owner)) return true;
    for (const waiter of file.waiting.conflicts(request, owner, exclusive)) if (waiter.id < before) return false;
    return true;
  }

  private take(request: Request<T>): boolean {
    return this.gate.take(request.file, request.exclusive, request);
  }

  /** Gives an owner a lock. @returns where others may move up. */
  private apply(file: FileLocks<T>, request: Request<T>, effects: Effects<T>): Place[] {
    const { owner, exclusive, tag } = request;
    const own = file.owners.get(owner);
    const touching = own?.overlapping({ start: request.start - 1n, end: request.end + 1n }) ?? [];
    const isHeld = touching.some(
      (segment) =>
        segment.exclusive === exclusive &&
        segment.start <= request.start &&
        segment.end >= request.end &&
        segment.tag.state === tag.state,
    );
    if (isHeld) return [];
    let { start, end } = request;
    // One that held nothing is no longer held back by queues, whatever it waits for.
    const awake: Place[] = this.piecesBy.has(owner) ? [] : [...(this.waitersBy.get(owner) ?? [])];
    for (const segment of touching) {
      if (segment.exclusive === exclusive) {
        this.drop(file, segment, effects);
        start = earlier(start, segment.start);
        end = later(end, segment.end);
      } else if (overlap(segment, request)) {
        this.drop(file, segment, effects);
        for (const rest of without(segment, request)) this.keep(file, { ...segment, ...rest }, effects);
        if (segment.exclusive) awake.push({ file: request.file, ...common(segment, request) });
      }
    }
    this.keep(file, { file: request.file, owner, exclusive, start, end, tag }, effects);
    return awake;
  }

  /** Serves the waiters that have a byte in common with what was let go, first come first. */
  private wake(places: readonly Place[], effects: Effects<T>): void {
    const awake = [...places];
    for (let place = awake.pop(); place !== undefined; place = awake.pop()) {
      const file = this.files.get(place.file);
      if (file === undefined) continue;
      let open: Range = place;
      for (const waiter of file.waiting.overlapping(place).sort((a, b) => a.id - b.id)) {
        // What another has just been given for itself alone need not be asked for again by a thousand that wait for it.
        if (!overlap(waiter, open) && !file.owners.has(waiter.owner)) continue;
        if (!this.mayHave(file, waiter, waiter.id) || !this.take(waiter)) continue;
        const before = this.piecesOf(place.file, waiter.owner, waiter);
        this.leave(file, waiter);
        awake.push(...this.apply(file, waiter, effects));
        effects.granted.push({ waiter, before });
        if (waiter.exclusive) open = shrink(open, waiter);
      }
      this.prune(place.file, file);
    }
  }

  private wouldWaitForItself(request: Request<T>): boolean {
    const { files, waitersBy } = this;
    return closesCircle(request, {
      *holders({ file, owner, exclusive, ...range }) {
        for (const held of files.get(file)?.held.conflicts(range, owner, exclusive) ?? []) yield held.owner;
      },
      wishesOf: (owner) => waitersBy.get(owner) ?? [],
    });
  }

  private queue(file: FileLocks<T>, waiter: Waiter<T>): void {
    file.waiting.add(waiter);
    addTo(this.waitersBy, waiter.owner, waiter);
    this.waitingCount += 1;
  }

  private leave(file: FileLocks<T>, waiter: Waiter<T>): void {
    file.waiting.delete(waiter);
    removeFrom(this.waitersBy, waiter.owner, waiter);
    this.waitingCount -= 1;
  }

  private keep(file: FileLocks<T>, segment: Request<T>, effects: Effects<T>): void {
    const kept: Segment<T> = { ...segment, id: this.newId() };
    this.hold(file, kept);
    effects.added.push(kept);
  }

  private hold(file: FileLocks<T>, segment: Segment<T>): void {
    file.held.add(segment);
    let own = file.owners.get(segment.owner);
    if (own === undefined) file.owners.set(segment.owner, (own = new ClaimTree()));
    own.add(segment);
    addTo(this.byClient, segment.tag.client, segment);
    this.piecesBy.set(segment.owner, (this.piecesBy.get(segment.owner) ?? 0) + 1);
    this.heldCount += 1;
  }

  private drop(file: FileLocks<T>, segment: Segment<T>, effects: Effects<T>): void {
    file.held.delete(segment);
    const own = file.owners.get(segment.owner);
    own?.delete(segment);
    if (own?.size === 0) file.owners.delete(segment.owner);
    removeFrom(this.byClient, segment.tag.client, segment);
    const pieces = this.piecesBy.get(segment.owner) ?? 0;
    if (pieces > 1) this.piecesBy.set(segment.owner, pieces - 1);
    else this.piecesBy.delete(segment.owner);
    this.heldCount -= 1;
    const added = effects.added.indexOf(segment);
    // What came and went within one operation was never there.
    if (added >= 0) effects.added.splice(added, 1);
    else effects.removed.push(segment);
  }
}

function addTo<V>(sets: Map<string, Set<V>>, key: string, value: V): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}

function removeFrom<V>(sets: Map<string, Set<V>>, key: string, value: V): void {
  const set = sets.get(key);
  set?.delete(value);
  if (set?.size === 0) sets.delete(key);
}
