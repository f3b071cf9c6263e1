import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { File } from '../../../src/exports/contract.ts';
import { ShortCookies, wholeHashes } from '../../../src/nfs/v2/cookies.ts';
import { FsError } from '../../../src/vfs/index.ts';
import fc from '../../properties.ts';

const END = 0x7fff_ffff_ffff_ffffn;

function directory(hashedCookies: boolean, body = 'directory'): File {
  const view = { fileSystem: { limits: { hashedCookies } }, fsidHigh: 0, fsidLow: 1 };
  return { view, inode: { body: Buffer.from(body) } } as never;
}

const isRefused = (error: unknown) => error instanceof FsError && error.code === 'BAD_COOKIE';

test('cookies: small ones and the last stay what they are, on every file system, without anything remembered', () => {
  const small = fc.bigInt({ min: 0n, max: 0x7fff_ffffn });
  fc.assert(
    fc.property(fc.oneof(small, fc.constant(END)), fc.boolean(), (cookie, hashed) => {
      const short = new ShortCookies().shorten(directory(hashed), cookie);
      assert.ok(short >= 0 && short <= 0xffff_ffff);
      assert.equal(new ShortCookies().lengthen(directory(hashed), short), cookie);
    }),
  );
});

test('cookies: large ones that are no hashes come back while they are remembered, each from its own directory', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.bigInt({ min: 1n << 31n, max: END - 1n }), { maxLength: 50 }), (positions) => {
      const cookies = new ShortCookies();
      const [one, other] = [directory(false, 'one'), directory(false, 'other')];
      const shorts = positions.map((position) => cookies.shorten(one, position));
      assert.equal(new Set(shorts).size, positions.length);
      assert.deepEqual(
        shorts.map((short) => cookies.lengthen(one, short)),
        positions,
      );
      assert.deepEqual(
        positions.map((position) => cookies.shorten(one, position)),
        shorts,
      );
      for (const short of shorts) {
        assert.ok(short >= 0x8000_0000 && short < 0xffff_ffff);
        assert.throws(() => cookies.lengthen(other, short), isRefused);
        assert.throws(() => new ShortCookies().lengthen(one, short), isRefused);
      }
    }),
  );
});

test('cookies: two positions with the same digest are told apart', () => {
  // Of 200,000 digests of 31 bits about nine are the same as another's.
  const cookies = new ShortCookies(300_000);
  const at = directory(false);
  const positions = Array.from({ length: 200_000 }, (_, index) => {
    const random = createHash('sha256').update(`${index}`).digest().readBigUInt64BE();
    return BigInt.asUintN(63, random) | (1n << 62n);
  });
  const shorts = positions.map((position) => cookies.shorten(at, position));
  assert.equal(new Set(shorts).size, positions.length);
  assert.deepEqual(
    shorts.map((short) => cookies.lengthen(at, short)),
    positions,
  );
});

test('cookies: the oldest are forgotten', () => {
  const cookies = new ShortCookies(3);
  const at = directory(false);
  const shorts = [1n, 2n, 3n, 4n].map((high) => cookies.shorten(at, high << 40n));
  assert.throws(() => cookies.lengthen(at, shorts[0]!), isRefused);
  assert.equal(cookies.lengthen(at, shorts[1]!), 2n << 40n);
  assert.equal(cookies.lengthen(at, shorts[3]!), 4n << 40n);
});

/** Lists names at these positions as ext4 does: an entry's cookie is the position of the next, and any number is one. */
function listing(positions: readonly bigint[], from: bigint, room: number) {
  const rest = positions
    .map((at, index) => ({ at, cookie: positions[index + 1] ?? END }))
    .filter(({ at }) => at >= from);
  return { entries: rest.slice(0, room), eof: rest.length <= room };
}

test('cookies: names with hashes are listed each once, also where the upper halves are the same, on any server', () => {
  const hash = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 3 }));
  const hashes = fc.uniqueArray(hash, { maxLength: 40, selector: ([major, minor]) => `${major} ${minor}` });
  fc.assert(
    fc.property(hashes, fc.integer({ min: 5, max: 9 }), (pairs, room) => {
      const positions = pairs
        .map(([major, minor]) => (BigInt(major) << 32n) + BigInt(minor))
        .sort((a, b) => Number(a - b));
      const at = directory(true);
      const seen: bigint[] = [];
      for (let short = 0, eof = false; !eof; ) {
        // Each reply by another server.
        const from = new ShortCookies().lengthen(at, short);
        const found = listing(positions, from, room);
        const cookies = found.entries.map(({ cookie }) => cookie);
        const kept = found.entries.slice(0, found.eof ? undefined : wholeHashes(at, from, cookies));
        assert.ok(found.eof || kept.length > 0);
        seen.push(...kept.map((entry) => entry.at));
        const last = kept.at(-1)?.cookie;
        if (last !== undefined) short = new ShortCookies().shorten(at, last);
        eof = found.eof;
      }
      assert.deepEqual(seen, positions);
    }),
  );
});

test('cookies: a reply of names with one upper half alone is refused, for it could never be gone on from', () => {
  const at = directory(true);
  const group = [1n, 2n, 3n].map((minor) => (7n << 32n) + minor);
  assert.throws(() => wholeHashes(at, 7n << 32n, group), FsError);
  assert.equal(wholeHashes(at, 6n << 32n, group), 1);
  assert.equal(wholeHashes(directory(false), 7n << 32n, group), 3);
  assert.equal(wholeHashes(at, 0n, []), 0);
});
