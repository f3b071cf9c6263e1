import assert from 'node:assert/strict';
import { test } from 'node:test';
import { END, lengthOf, rangeOf } from '../../src/locks/range.ts';
import { type Gate, LockTable, type Request, type Tag } from '../../src/locks/table.ts';
import fc from '../properties.ts';
import { NaiveLocks } from './model.ts';

const FILE = 'file';
const BYTES = [0n, 1n, 2n, 5n, (1n << 32n) - 1n, 1n << 32n, (1n << 63n) - 1n, 1n << 63n, END - 1n, END];

function ask(owner: string, exclusive: boolean, start: bigint, end: bigint, file = FILE): Request<Tag> {
  return { file, owner, exclusive, start, end, tag: { client: owner, state: 1 } };
}

const read = (owner: string, start: bigint, end: bigint) => ask(owner, false, start, end);
const write = (owner: string, start: bigint, end: bigint) => ask(owner, true, start, end);
const held = (table: LockTable<Tag>) =>
  [...table.segments()].map(({ owner, exclusive, start, end }) => `${owner}${exclusive ? 'W' : 'R'} ${start}-${end}`);
const grants = ({ granted }: { granted: readonly { waiter: { owner: string } }[] }) =>
  granted.map(({ waiter }) => waiter.owner);

function lock(table: LockTable<Tag>, request: Request<Tag>, wait = false) {
  return table.lock(request, wait).result;
}

test('rangeOf: a length of zero reaches to 2^64, and nothing reaches beyond', () => {
  assert.deepEqual(rangeOf(5n, 0n), { start: 5n, end: END });
  assert.deepEqual(rangeOf(END - 1n, 1n), { start: END - 1n, end: END });
  assert.equal(rangeOf(END - 1n, 2n), undefined);
  assert.equal(lengthOf({ start: 5n, end: END }), 0n);
  assert.equal(lengthOf({ start: 5n, end: 6n }), 1n);
});

test('lock: ranges are half-open, so neighbours do not conflict', () => {
  const table = new LockTable<Tag>();
  assert.equal(lock(table, write('a', 0n, 10n)), 'granted');
  assert.equal(lock(table, write('b', 10n, 20n)), 'granted');
  assert.equal(lock(table, write('c', 9n, 10n)), 'denied');
  assert.equal(lock(table, write('c', 20n, END)), 'granted');
  assert.equal(lock(table, write('d', END - 1n, END)), 'denied');
});

test('lock: readers share, a writer is alone, and files do not meet', () => {
  const table = new LockTable<Tag>();
  assert.equal(lock(table, read('a', 0n, END)), 'granted');
  assert.equal(lock(table, read('b', 0n, END)), 'granted');
  assert.equal(lock(table, write('c', 5n, 6n)), 'denied');
  assert.equal(lock(table, ask('c', true, 5n, 6n, 'other')), 'granted');
});

test('lock: an owner’s pieces are merged, split, raised and lowered in place', () => {
  const table = new LockTable<Tag>();
  lock(table, write('a', 0n, 10n));
  lock(table, write('a', 10n, 20n));
  assert.deepEqual(held(table), ['aW 0-20']);
  lock(table, read('a', 5n, 15n));
  assert.deepEqual(held(table), ['aW 0-5', 'aR 5-15', 'aW 15-20']);
  table.unlock(FILE, 'a', { start: 7n, end: 8n });
  assert.deepEqual(held(table), ['aW 0-5', 'aR 5-7', 'aR 8-15', 'aW 15-20']);
  lock(table, write('a', 0n, END));
  assert.deepEqual(held(table), [`aW 0-${END}`]);
  table.unlock(FILE, 'a', { start: 0n, end: END });
  assert.equal(table.has(FILE), false);
});

test('lock: what an owner has already changes nothing', () => {
  const table = new LockTable<Tag>();
  lock(table, write('a', 0n, 10n));
  const again = table.lock(write('a', 2n, 5n), false);
  assert.ok(again.result === 'granted');
  assert.deepEqual(again.effects, { removed: [], added: [], granted: [] });
});

test('lock: a client that has rebooted takes its old lock over, so that its notice does not free the new one', () => {
  const table = new LockTable<Tag>();
  lock(table, write('a', 0n, 10n));
  table.lock({ ...write('a', 0n, 10n), tag: { client: 'a', state: 3 } }, false);
  assert.deepEqual(
    table.ofClient('a').map(({ tag }) => tag.state),
    [3],
  );
});

test('test: names a lock that stands in the way, and not one of the owner’s own', () => {
  const table = new LockTable<Tag>();
  lock(table, write('a', 0n, 10n));
  lock(table, read('b', 20n, 30n));
  assert.equal(table.test(write('a', 0n, 15n)), undefined);
  assert.equal(table.test(read('c', 5n, 25n))?.owner, 'a');
  assert.equal(table.test(write('a', 5n, 25n))?.owner, 'b');
});

test('waiters: first come first served, and those that do not conflict with any before them at once', () => {
  const table = new LockTable<Tag>();
  lock(table, write('a', 0n, 100n));
  assert.equal(lock(table, write('b', 0n, 50n), true), 'waiting');
  assert.equal(lock(table, write('c', 40n, 60n), true), 'waiting');
  assert.equal(lock(table, write('d', 60n, 70n), true), 'waiting');
  assert.deepEqual(grants(table.unlock(FILE, 'a', { start: 0n, end: END })), ['b', 'd']);
  assert.deepEqual(grants(table.unlock(FILE, 'b', { start: 0n, end: END })), ['c']);
});

test('waiters: a writer that waits is not starved by readers that come later, but they may ask without waiting', () => {
  const table = new LockTable<Tag>();
  lock(table, read('a', 0n, 10n));
  assert.equal(lock(table, write('w', 0n, 10n), true), 'waiting');
  assert.equal(lock(table, read('b', 0n, 10n), true), 'waiting');
  assert.equal(lock(table, read('c', 0n, 10n), false), 'granted');
  table.unlock(FILE, 'c', { start: 0n, end: END });
  assert.deepEqual(grants(table.unlock(FILE, 'a', { start: 0n, end: END })), ['w']);
  assert.deepEqual(grants(table.unlock(FILE, 'w', { start: 0n, end: END })), ['b']);
});

test('waiters: an owner that holds a lock passes the queue, which may be waiting for it', () => {
  const table = new LockTable<Tag>();
  lock(table, read('a', 0n, 10n));
  assert.equal(lock(table, write('w', 0n, 100n), true), 'waiting');
  assert.equal(lock(table, read('a', 50n, 60n), true), 'granted');
});

test('waiters: so does one that holds a lock of another file, also if it got that while it waited', () => {
  const table = new LockTable<Tag>();
  lock(table, read('a', 0n, 10n));
  lock(table, write('w', 0n, 10n), true);
  lock(table, ask('b', true, 0n, 1n, 'other'));
  assert.equal(lock(table, read('b', 0n, 10n), true), 'granted');
  assert.equal(lock(table, read('c', 0n, 10n), true), 'waiting');
  const outcome = table.lock(ask('c', true, 5n, 6n, 'other'), false);
  assert.ok(outcome.result === 'granted');
  assert.deepEqual(grants(outcome.effects), ['c']);
});

test('deadlock: whoever would wait for itself does not wait', () => {
  const table = new LockTable<Tag>();
  for (const [at, owner] of ['a', 'b', 'c'].entries()) lock(table, ask(owner, true, 0n, 1n, `${at}`));
  assert.equal(lock(table, ask('a', true, 0n, 1n, '1'), true), 'waiting');
  assert.equal(lock(table, ask('b', true, 0n, 1n, '2'), true), 'waiting');
  assert.equal(lock(table, ask('c', true, 0n, 1n, '0'), false), 'denied', 'it would not have waited');
  assert.equal(lock(table, ask('c', true, 0n, 1n, '0'), true), 'deadlock');
  assert.equal(lock(table, ask('d', true, 0n, 1n, '0'), true), 'waiting', 'who is not part of the circle waits');
  assert.deepEqual(grants(table.unlock('2', 'c', { start: 0n, end: 1n })), ['b'], 'and it goes on');
});

test('deadlock: two readers of a range who both want to write it', () => {
  const table = new LockTable<Tag>();
  for (const owner of ['a', 'b']) lock(table, read(owner, 0n, 10n));
  assert.equal(lock(table, write('a', 0n, 10n), true), 'waiting');
  assert.equal(lock(table, write('b', 5n, 6n), true), 'deadlock');
  assert.deepEqual(grants(table.unlock(FILE, 'b', { start: 0n, end: END })), ['a']);
});

test('deadlock: a circle that closes while its members wait is told to the one that asks again', () => {
  const table = new LockTable<Tag>();
  lock(table, ask('a', true, 0n, 1n, 'other'));
  lock(table, write('b', 0n, 1n));
  const first = table.lock(write('a', 0n, 2n), true);
  lock(table, ask('c', true, 0n, 1n, 'other'), true);
  // By another thread, without waiting.
  assert.equal(lock(table, write('c', 1n, 2n), false), 'granted');
  const again = table.lock(write('a', 0n, 2n), true);
  assert.ok(first.result === 'waiting' && again.result === 'deadlock');
  assert.equal(again.waiter, first.waiter);
});

test('waiters: asked for again they wait once, and leave when they are cancelled', () => {
  const table = new LockTable<Tag>();
  lock(table, read('a', 0n, 10n));
  const first = table.lock(write('b', 0n, 10n), true);
  const again = table.lock(write('b', 0n, 10n), true);
  assert.ok(first.result === 'waiting' && again.result === 'waiting');
  assert.deepEqual([first.isNew, again.isNew, again.waiter.id], [true, false, first.waiter.id]);
  lock(table, read('c', 0n, 10n), true);
  assert.deepEqual(grants(table.cancel(first.waiter)), ['c']);
  assert.equal(table.waiting, 0);
  assert.deepEqual(grants(table.cancel(first.waiter)), []);
});

test('waiters: a lowered lock lets readers in', () => {
  const table = new LockTable<Tag>();
  lock(table, write('a', 0n, 10n));
  lock(table, read('b', 0n, 5n), true);
  const lowered = table.lock(read('a', 0n, 10n), false);
  assert.ok(lowered.result === 'granted');
  assert.deepEqual(grants(lowered.effects), ['b']);
});

test('replace: a grant that nobody wants is taken back to what was held before', () => {
  const table = new LockTable<Tag>();
  lock(table, read('a', 0n, 10n));
  lock(table, read('b', 0n, 4n));
  lock(table, write('a', 0n, 10n), true);
  const [grant] = table.unlock(FILE, 'b', { start: 0n, end: END }).granted;
  assert.ok(grant !== undefined);
  assert.deepEqual(held(table), ['aW 0-10']);
  table.replace(FILE, 'a', grant.waiter, grant.before);
  assert.deepEqual(held(table), ['aR 0-10']);
});

test('gate: has every byte with the strongest lock of it, and somebody outside keeps a waiter waiting', () => {
  const outside = new Set<bigint>();
  const gate = new BytesGate(outside);
  const table = new LockTable<Tag>(gate);
  outside.add(3n);
  assert.equal(lock(table, read('a', 0n, 10n)), 'denied');
  assert.equal(lock(table, read('a', 0n, 10n), true), 'waiting');
  assert.deepEqual(grants(table.retry(FILE)), []);
  outside.clear();
  assert.deepEqual(grants(table.retry(FILE)), ['a']);
  lock(table, read('b', 5n, 8n));
  table.unlock(FILE, 'a', { start: 0n, end: END });
  assert.deepEqual([...gate.taken.keys()], [5n, 6n, 7n]);
});

test('restore: takes locks and waiters in, but none that cannot stand beside the others', () => {
  const table = new LockTable<Tag>();
  assert.equal(table.restore({ ...write('a', 0n, 10n), id: 7 }), true);
  assert.equal(table.restore({ ...write('b', 9n, 12n), id: 8 }), false);
  assert.equal(table.restore({ ...read('a', 9n, 12n), id: 9 }), false);
  table.restoreWaiter({ ...write('b', 9n, 12n), id: 11 });
  const next = table.lock(write('c', 100n, 101n), false);
  assert.ok(next.result === 'granted');
  assert.ok(next.effects.added[0]!.id > 11);
  assert.deepEqual(grants(table.unlock(FILE, 'a', { start: 0n, end: END })), ['b']);
});

const place = fc.nat({ max: BYTES.length - 1 });
const range = fc.tuple(place, place).map(([a, b]) => {
  const [low, high] = a < b ? [a, b] : [b, a];
  return low === high
    ? { start: BYTES[Math.max(0, low - 1)]!, end: BYTES[Math.max(1, high)]! }
    : { start: BYTES[low]!, end: BYTES[high]! };
});
const owner = fc.constantFrom('a', 'b', 'c', 'd');
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('lock'), owner, range, exclusive: fc.boolean(), wait: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('unlock'), owner, range, exclusive: fc.boolean(), wait: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('cancel'), owner, range, exclusive: fc.boolean(), wait: fc.boolean() }),
  },
);

test('the table does what a naive model does on two files, of which owners hold and want several pieces', () => {
  // To the model it is one file, and nobody asks for a range from the one half to the other.
  const half = 10n;
  const marks = [0n, 1n, 2n, 3n, half, half + 1n, half + 2n, half + 3n];
  const places = marks.flatMap((start) =>
    marks.filter((end) => end > start && end - start < half - 3n).map((end) => ({ start, end })),
  );
  const fileOf = ({ start }: { start: bigint }) => (start < half ? FILE : 'other');
  const steps = fc.array(
    fc.record({
      do: fc.constantFrom('lock', 'lock', 'unlock'),
      owner: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
      place: fc.constantFrom(...places),
      exclusive: fc.boolean(),
      wait: fc.boolean(),
    }),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (taken) => {
      const table = new LockTable<Tag>();
      const model = new NaiveLocks(marks);
      for (const { do: what, owner: who, place, exclusive, wait } of taken) {
        const request = ask(who, exclusive, place.start, place.end, fileOf(place));
        if (what === 'lock') assert.equal(table.lock(request, wait).result, model.lock(request, wait));
        else {
          table.unlock(fileOf(place), who, place);
          model.unlock(who, place);
        }
        const waiting = [...table.waiters()].sort((one, other) => one.id - other.id);
        assert.deepEqual(
          waiting.map(({ owner: by, start, end }) => [by, start, end]),
          model.waiting.map(({ owner: by, start, end }) => [by, start, end]),
        );
        for (const { start, end } of places) {
          const wish = { owner: 'nobody', exclusive, start, end };
          assert.equal(table.test({ ...wish, file: fileOf(wish) }) === undefined, model.isFree(wish));
        }
      }
    }),
    { numRuns: 400 },
  );
});

test('the table does what a naive model does, from 0 to 2^64', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const gate = new BytesGate(new Set());
      const table = new LockTable<Tag>(gate);
      const model = new NaiveLocks(BYTES);
      for (const { do: what, owner: who, range: where, exclusive, wait } of steps) {
        const request = ask(who, exclusive, where.start, where.end);
        if (what === 'lock') assert.equal(table.lock(request, wait).result, model.lock(request, wait));
        else if (what === 'unlock') {
          table.unlock(FILE, who, where);
          model.unlock(who, where);
        } else {
          const waiter = table.waiterFor(request);
          if (waiter !== undefined) table.cancel(waiter);
          model.cancel(request);
        }
        assert.deepEqual(
          holdersOf(table),
          model.holders.map((piece) => [...piece].sort()),
        );
        assert.deepEqual(
          table.waitersOn(FILE).map(({ owner: by, start }) => [by, start]),
          model.waiting.map(({ owner: by, start }) => [by, start]),
        );
        assert.deepEqual(
          gate.pieces(),
          model.holders.map((piece) =>
            [...piece.values()].reduce<boolean | undefined>((all, one) => all === true || one, undefined),
          ),
        );
        assert.equal(table.test(request) === undefined, model.isFree(request));
        assert.equal(table.has(FILE), table.held + table.waiting > 0);
        assertTidy(table);
      }
    }),
    { numRuns: 400 },
  );
});

test('effects: applied to a copy, they keep it equal to the table', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const table = new LockTable<Tag>();
      const copy = new Map<number, string>();
      for (const { do: what, owner: who, range: where, exclusive, wait } of steps) {
        const request = ask(who, exclusive, where.start, where.end);
        const outcome = what === 'lock' ? table.lock(request, wait) : undefined;
        const effects =
          outcome === undefined
            ? table.unlock(FILE, who, where)
            : outcome.result === 'granted'
              ? outcome.effects
              : undefined;
        for (const { id } of effects?.removed ?? []) assert.ok(copy.delete(id));
        for (const { id, start, end } of effects?.added ?? []) copy.set(id, `${start}-${end}`);
        const there = [...table.segments()].map(({ id, start, end }) => [id, `${start}-${end}`] as const);
        assert.deepEqual(new Map([...copy].sort()), new Map(there.sort()));
      }
    }),
  );
});

/** An owner's pieces never overlap, and touch only if they differ. */
function assertTidy(table: LockTable<Tag>): void {
  const all = [...table.segments()];
  for (const owner of new Set(all.map((segment) => segment.owner))) {
    const segments = all.filter((segment) => segment.owner === owner);
    for (const [at, { start, exclusive }] of segments.entries()) {
      const last = segments[at - 1];
      if (last === undefined) continue;
      assert.ok(last.end < start || (last.end === start && last.exclusive !== exclusive));
    }
  }
}

function holdersOf(table: LockTable<Tag>): [string, boolean][][] {
  return BYTES.slice(1).map((end, at) =>
    [...table.segments()]
      .filter((segment) => segment.start < end && BYTES[at]! < segment.end)
      .map((segment): [string, boolean] => [segment.owner, segment.exclusive])
      .sort(),
  );
}

/** What the table has outside: small ranges byte by byte, large ones by the marks of {@link BYTES}. */
class BytesGate implements Gate {
  readonly taken = new Map<bigint, boolean>();
  private readonly outside: ReadonlySet<bigint>;

  constructor(outside: ReadonlySet<bigint>) {
    this.outside = outside;
  }

  take(_file: string, exclusive: boolean, { start, end }: { start: bigint; end: bigint }): boolean {
    const bytes = this.bytes(start, end);
    if (bytes.some((byte) => this.outside.has(byte))) return false;
    for (const byte of bytes) this.taken.set(byte, exclusive);
    return true;
  }

  release(_file: string, { start, end }: { start: bigint; end: bigint }): void {
    for (const byte of this.bytes(start, end)) this.taken.delete(byte);
  }

  pieces(): (boolean | undefined)[] {
    return BYTES.slice(0, -1).map((byte) => this.taken.get(byte));
  }

  private bytes(start: bigint, end: bigint): bigint[] {
    const marks = [...BYTES, 3n, 4n, 6n, 7n, 8n, 9n].filter((byte) => byte >= start && byte < end);
    return marks.sort((a, b) => (a < b ? -1 : 1));
  }
}
