import { type Case, cases, must, should } from '../case.ts';
import { check, equal } from '../expect.ts';
import { answers, bytes, type Dialect, type Locks, locking, SHARED, V4 } from './locks.ts';

const FOUR_GIB = 0x1_0000_0000n;
const END = 1n << 64n;

/** Which bytes an owner has after several calls. POSIX fcntl(2) is what clients map onto these locks. */
export function rangeCases(dialect: Dialect): Case[] {
  const { program } = dialect;
  const on = (body: (l: Locks) => Promise<void>) => locking(dialect, body);
  return cases({ program, procedure: 'ranges', clause: 'XNFS NLM_LOCK, NLM_UNLOCK' }, [
    must(
      'zero-to-the-end',
      'length 0 reaches to the end, wherever that is',
      on(async (l) => {
        const file = await l.file();
        await l.take(l.owner(), file, { l_offset: 100n });
        await l.isFree(file, bytes(0, 100));
        await l.isTaken(file, bytes(100, 101));
        await l.isTaken(file, bytes(0x7fff_fff0, 0x7fff_fff1));
      }),
    ),
    must(
      'beyond-the-file',
      'bytes that the file does not have yet',
      on(async (l) => {
        const file = await l.file();
        await l.take(l.owner(), file, bytes(1_000_000, 1_000_010));
        await l.isTaken(file, bytes(1_000_009, 1_000_020));
        await l.isFree(file, bytes(0, 1_000_000));
      }),
    ),
    must(
      'merge',
      'ranges side by side become one, which one UNLOCK releases',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        for (const [from, to] of [
          [0, 10],
          [20, 30],
          [10, 20],
        ] as const)
          await l.take(owner, file, bytes(from, to));
        await l.isTaken(file, bytes(9, 10));
        await l.isTaken(file, bytes(19, 20));
        answers(await l.unlock(owner, file, bytes(0, 30)), 'GRANTED');
        await l.isFree(file);
      }),
    ),
    must(
      'overlap-own',
      'a range over an own one: both together are held, and released once',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        await l.take(owner, file, bytes(0, 20));
        await l.take(owner, file, bytes(10, 30));
        await l.isTaken(file, bytes(0, 1));
        await l.isTaken(file, bytes(29, 30));
        answers(await l.unlock(owner, file, bytes(10, 20)), 'GRANTED');
        await l.isFree(file, bytes(10, 20));
        await l.isTaken(file, bytes(9, 10));
        await l.isTaken(file, bytes(20, 21));
      }),
    ),
    must(
      'split',
      'UNLOCK of the middle leaves both ends held',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        await l.take(owner, file, bytes(0, 30));
        answers(await l.unlock(owner, file, bytes(10, 20)), 'GRANTED');
        await l.isFree(file, bytes(10, 20));
        equal('range', placeOf(await l.isTaken(file, bytes(0, 15))), bytes(0, 10));
        equal('range', placeOf(await l.isTaken(file, bytes(15, 30))), bytes(20, 30));
      }),
    ),
    must(
      'split-to-the-end',
      'UNLOCK of the middle of a lock to the end leaves the rest to the end',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        await l.take(owner, file);
        answers(await l.unlock(owner, file, bytes(10, 20)), 'GRANTED');
        await l.isFree(file, bytes(10, 20));
        equal('range', placeOf(await l.isTaken(file, bytes(15, 1000))), { l_offset: 20n, l_len: 0n });
      }),
    ),
    must(
      'cut-the-ends',
      'UNLOCK of the beginning and of the end leaves the middle',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        await l.take(owner, file, bytes(10, 40));
        answers(await l.unlock(owner, file, bytes(0, 20)), 'GRANTED');
        answers(await l.unlock(owner, file, { l_offset: 30n }), 'GRANTED');
        equal('range', placeOf(await l.isTaken(file)), bytes(20, 30));
      }),
    ),
    must(
      'downgrade-the-middle',
      'the middle of an exclusive lock becomes shared, the ends stay exclusive',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        await l.take(owner, file, bytes(0, 30));
        await l.take(owner, file, { ...SHARED, ...bytes(10, 20) });
        await l.isFree(file, { ...SHARED, ...bytes(10, 20) });
        await l.isTaken(file, bytes(10, 20));
        await l.isTaken(file, { ...SHARED, ...bytes(9, 10) });
        await l.isTaken(file, { ...SHARED, ...bytes(20, 21) });
      }),
    ),
    must(
      'upgrade-the-middle',
      'the middle of a shared lock becomes exclusive, the ends stay shared',
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        await l.take(owner, file, { ...SHARED, ...bytes(0, 30) });
        await l.take(owner, file, bytes(10, 20));
        await l.isTaken(file, { ...SHARED, ...bytes(10, 20) });
        await l.isFree(file, { ...SHARED, ...bytes(0, 10) });
        await l.isFree(file, { ...SHARED, ...bytes(20, 30) });
        await l.isTaken(file, bytes(20, 30));
      }),
    ),
    must(
      'owners-apart',
      "an UNLOCK over everything releases one's own ranges alone",
      on(async (l) => {
        const file = await l.file();
        const owner = l.owner();
        await l.take(owner, file, bytes(0, 10));
        await l.take(l.owner(), file, bytes(10, 20));
        await l.take(owner, file, bytes(20, 30));
        answers(await l.unlock(owner, file), 'GRANTED');
        equal('range', placeOf(await l.isTaken(file)), bytes(10, 20));
      }),
    ),
    must(
      'shared-beside-exclusive',
      'a conflict with one of several locks is a conflict',
      on(async (l) => {
        const file = await l.file();
        await l.take(l.owner(), file, { ...SHARED, ...bytes(0, 10) });
        await l.take(l.owner(), file, { ...SHARED, ...bytes(0, 20) });
        await l.take(l.owner(), file, bytes(20, 30));
        answers(await l.lock(l.owner(), file, { ...SHARED, ...bytes(0, 21) }), 'DENIED');
        await l.take(l.owner(), file, { ...SHARED, ...bytes(0, 20) });
      }),
    ),
  ]);
}

function placeOf({ l_offset, l_len }: { readonly l_offset: bigint; readonly l_len: bigint }) {
  return { l_offset, l_len };
}

/** Ranges that end beyond 2^64. */
const OVERFLOWS = [
  { l_offset: 2n, l_len: END - 1n },
  { l_offset: 1n << 62n, l_len: END - 2n },
  { l_offset: END - 1n, l_len: 2n },
  { l_offset: END - 1n, l_len: END - 1n },
];

/** Offsets of 64 bits. */
export const WIDE_RANGES = cases({ program: V4.program, procedure: 'ranges', clause: 'RFC 1813 §6.3.1' }, [
  must(
    'beyond-4gib',
    'an offset beyond 4 GiB is not the same without its upper half',
    locking(V4, async (l) => {
      const file = await l.file();
      await l.take(l.owner(), file, bytes(FOUR_GIB + 5n, FOUR_GIB + 10n));
      await l.isFree(file, bytes(0, 100));
      await l.isFree(file, bytes(FOUR_GIB, FOUR_GIB + 5n));
      equal('range', placeOf(await l.isTaken(file, { l_offset: FOUR_GIB })), bytes(FOUR_GIB + 5n, FOUR_GIB + 10n));
    }),
  ),
  must(
    'longer-than-4gib',
    'a length beyond 4 GiB is not the same without its upper half',
    locking(V4, async (l) => {
      const file = await l.file();
      await l.take(l.owner(), file, bytes(10n, 2n * FOUR_GIB + 10n));
      await l.isTaken(file, bytes(2n * FOUR_GIB + 9n, 3n * FOUR_GIB));
      await l.isFree(file, { l_offset: 2n * FOUR_GIB + 10n });
    }),
  ),
  must(
    'exactly-4gib',
    'a length of 4 GiB is not taken for "to the end"',
    locking(V4, async (l) => {
      const file = await l.file();
      await l.take(l.owner(), file, { l_len: FOUR_GIB });
      await l.isFree(file, { l_offset: FOUR_GIB });
      equal('range', placeOf(await l.isTaken(file)), { l_offset: 0n, l_len: FOUR_GIB });
    }),
  ),
  must(
    'last-offsets',
    'the last byte that a file can have (offset 2^63 - 2)',
    locking(V4, async (l) => {
      const file = await l.file();
      const last = (1n << 63n) - 2n;
      await l.take(l.owner(), file, bytes(last, last + 1n));
      await l.isTaken(file, bytes(last, last + 1n));
      await l.isFree(file, bytes(0, last));
    }),
  ),
  must(
    'overflow',
    'offset and length beyond 2^64: NLM4_FBIG, and nothing is taken',
    { clause: 'RFC 1813 §6.1.4' },
    locking(V4, async (l) => {
      const file = await l.file();
      for (const how of OVERFLOWS) answers(await l.lock(l.owner(), file, how), 'FBIG');
      await l.isFree(file);
    }),
  ),
  should(
    'overflow-elsewhere',
    'TEST, UNLOCK and CANCEL of such a range: NLM4_FBIG',
    { clause: 'RFC 1813 §6.1.4' },
    locking(V4, async (l) => {
      const file = await l.file();
      const owner = l.owner();
      for (const how of OVERFLOWS) {
        answers(await l.test(owner, file, how), 'FBIG');
        answers(await l.unlock(owner, file, how), 'FBIG');
        answers(await l.cancel(owner, file, how), 'FBIG');
      }
    }),
  ),
  must(
    'last-of-all',
    'offset 2^64 - 1: granted or NLM4_FBIG, and no other byte is taken',
    { clause: 'RFC 1813 §6.1.4' },
    locking(V4, async (l) => {
      const file = await l.file();
      const { stat } = answers(await l.lock(l.owner(), file, { l_offset: END - 1n, l_len: 1n }), 'GRANTED', 'FBIG');
      await l.isFree(file, { l_len: (1n << 63n) - 1n });
      if (stat === 'GRANTED') return;
      check((await l.test(l.owner(), file)).stat === 'GRANTED', 'nothing to be taken', 'a lock');
    }),
  ),
]);
