import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as xdr from '../../src/xdr/index.ts';
import { XdrError, XdrReader, XdrWriter } from '../../src/xdr/index.ts';
import fc from '../properties.ts';

function encode<T>(type: xdr.Xdr<T>, value: T): Buffer {
  const writer = new XdrWriter(16);
  type.write(writer, value);
  return writer.toBuffer();
}

/** Reads from the bytes cut at the given places, as they may come from the network. */
function decode<T>(type: xdr.Xdr<T>, bytes: Buffer, cuts: readonly number[] = []): T {
  const ends = [...cuts.filter((cut) => cut > 0 && cut < bytes.length).sort((a, b) => a - b), bytes.length];
  const pieces = ends.map((end, i) => Buffer.from(bytes.subarray(i === 0 ? 0 : ends[i - 1]!, end)));
  const reader = new XdrReader(pieces[0]!, 0, pieces[0]!.length, pieces.slice(1));
  const value = type.read(reader);
  reader.finish();
  return value;
}

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const bytesUpTo = (max: number) => fc.uint8Array({ maxLength: max }).map((bytes) => Buffer.from(bytes));

const everything = xdr.struct({
  unsigned: xdr.uint32,
  signed: xdr.int32,
  hyper: xdr.uint64,
  signedHyper: xdr.int64,
  size: xdr.size64,
  flag: xdr.bool,
  name: xdr.opaque(100),
  handle: xdr.fixed(5),
  maybe: xdr.optional(xdr.uint32),
  numbers: xdr.array(xdr.uint32, 10),
  chain: xdr.list(xdr.opaque(8), 5),
  kind: xdr.enumeration([1, 2, 7]),
  choice: xdr.union('how', { 0: { size: xdr.uint32 }, 2: { verifier: xdr.fixed(8) } }),
  outcome: xdr.result(xdr.enumeration([0, 2, 70]), { value: xdr.uint32 }, { reason: xdr.opaque(20) }),
  empty: xdr.nothing,
});

const anything: fc.Arbitrary<xdr.TypeOf<typeof everything>> = fc.record(
  {
    unsigned: u32,
    signed: fc.integer(),
    hyper: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    signedHyper: fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
    size: fc.maxSafeNat(),
    flag: fc.boolean(),
    name: bytesUpTo(100),
    handle: fc.uint8Array({ minLength: 5, maxLength: 5 }).map((bytes) => Buffer.from(bytes)),
    maybe: fc.option(u32, { nil: undefined }),
    numbers: fc.array(u32, { maxLength: 10 }),
    chain: fc.array(bytesUpTo(8), { maxLength: 5 }),
    kind: fc.constantFrom(1 as const, 2 as const, 7 as const),
    choice: fc.oneof(
      u32.map((size) => ({ how: 0 as const, size })),
      fc.uint8Array({ minLength: 8, maxLength: 8 }).map((v) => ({ how: 2 as const, verifier: Buffer.from(v) })),
    ),
    outcome: fc.oneof(
      u32.map((value) => ({ status: 0 as const, value })),
      bytesUpTo(20).map((reason) => ({ status: 70 as const, reason })),
    ),
    empty: fc.constant(undefined),
  },
  { noNullPrototype: true },
);

test('what is written is read back, wherever the message is cut (RFC 4506)', () => {
  fc.assert(
    fc.property(anything, fc.array(fc.nat(400), { maxLength: 5 }), (value, cuts) => {
      const bytes = encode(everything, value);
      assert.equal(bytes.length % 4, 0);
      assert.deepEqual(decode(everything, bytes, cuts), value);
    }),
  );
});

test('any bytes are read, or refused with XdrError and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      try {
        decode(everything, Buffer.from(bytes));
      } catch (error) {
        assert.ok(error instanceof XdrError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

test('a message cut short is refused', () => {
  fc.assert(
    fc.property(anything, fc.double({ min: 0, max: 0.999, noNaN: true }), (value, part) => {
      const bytes = encode(everything, value);
      assert.throws(() => decode(everything, bytes.subarray(0, Math.floor(bytes.length * part))), XdrError);
    }),
  );
});

test('the layout on the wire (RFC 4506 §4)', () => {
  const hex = (bytes: Buffer) => bytes.toString('hex');
  assert.equal(hex(encode(xdr.uint32, 0xffff_fffe)), 'fffffffe');
  assert.equal(hex(encode(xdr.int32, -2)), 'fffffffe');
  assert.equal(hex(encode(xdr.uint64, 0x0102_0304_0506_0708n)), '0102030405060708');
  assert.equal(hex(encode(xdr.size64, 2 ** 40 + 5)), '0000010000000005');
  assert.equal(hex(encode(xdr.bool, true)), '00000001');
  assert.equal(hex(encode(xdr.opaque(5), Buffer.from('abcde'))), '000000056162636465000000');
  assert.equal(hex(encode(xdr.text(9), 'tcp')), '0000000374637000');
  assert.equal(hex(encode(xdr.fixed(2), Buffer.from('ab'))), '61620000');
  assert.equal(hex(encode(xdr.list(xdr.uint32, 9), [7])), '000000010000000700000000');
  assert.equal(hex(encode(xdr.optional(xdr.uint32), undefined)), '00000000');
});

test('lengths are bounded before anything is allocated for them', () => {
  const huge = Buffer.from('7fffffff', 'hex');
  for (const type of [xdr.opaque(400), xdr.text(10), xdr.array(xdr.uint32, 100)]) {
    assert.throws(() => decode<unknown>(type, huge), XdrError);
  }
  assert.throws(() => new XdrReader(huge).segments(1 << 20), XdrError);
  assert.throws(() => decode(xdr.opaque(0xffff_ffff), huge), XdrError);
  const endless = Buffer.concat(Array.from({ length: 20 }, () => Buffer.from('0000000100000009', 'hex')));
  assert.throws(() => decode(xdr.list(xdr.uint32, 10), endless), XdrError);
});

test('booleans, enumerations and unions take only the values they have', () => {
  const seven = Buffer.from('00000007', 'hex');
  assert.throws(() => decode(xdr.bool, seven), XdrError);
  assert.throws(() => decode(xdr.enumeration([1, 2]), seven), XdrError);
  assert.throws(() => decode(xdr.union('how', { 1: {} }), seven), XdrError);
});

test('leftover bytes are an error', () => {
  assert.throws(() => decode(xdr.uint32, Buffer.alloc(8)), /4 bytes left over/);
});

test('bulk data is handed over in the pieces it came in, and what follows it is read', () => {
  fc.assert(
    fc.property(bytesUpTo(5000), fc.array(fc.nat(5100), { maxLength: 6 }), (data, cuts) => {
      const bytes = encode(xdr.struct({ before: xdr.uint32, data: xdr.opaque(5000), after: xdr.uint32 }), {
        before: 1,
        data,
        after: 2,
      });
      const ends = [...cuts.filter((cut) => cut > 0 && cut < bytes.length).sort((a, b) => a - b), bytes.length];
      const pieces = ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1]!, end));
      const reader = new XdrReader(pieces[0]!, 0, pieces[0]!.length, pieces.slice(1));
      assert.equal(reader.uint32(), 1);
      assert.deepEqual(Buffer.concat(reader.segments(5000)), data);
      assert.equal(reader.uint32(), 2);
      reader.finish();
    }),
  );
});

test('large data leaves by reference, in order, and is released once', () => {
  const released: number[] = [];
  const writer = new XdrWriter(64);
  for (const size of [10, 20_001, 5, 16_384]) {
    writer.uint32(size);
    writer.bulk(Buffer.alloc(size, size & 255), () => released.push(size));
  }
  writer.uint32(9);
  const expected = Buffer.concat(
    [10, 20_001, 5, 16_384].map((size) =>
      Buffer.concat([encode(xdr.uint32, size), encode(xdr.opaque(1 << 20), Buffer.alloc(size, size & 255))]),
    ),
  );
  assert.equal(writer.length, expected.length + 4);
  assert.deepEqual(released, [10, 5], 'small data is copied and let go at once');
  assert.deepEqual(writer.toBuffer(), Buffer.concat([expected, encode(xdr.uint32, 9)]));
  assert.deepEqual(released, [10, 5, 20_001, 16_384]);
  assert.equal(writer.length, 0);
});

test('a message taken back leaves what was written before it as it was', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(40_000), { maxLength: 4 }),
      fc.array(fc.nat(40_000), { maxLength: 4 }),
      (before, after) => {
        let released = 0;
        const writer = new XdrWriter(64);
        const write = (sizes: number[]) => {
          for (const size of sizes) writer.bulk(Buffer.alloc(size, 3), () => released++);
        };
        write(before);
        const mark = writer.mark();
        writer.uint32(0);
        write(after);
        writer.patch(mark, writer.since(mark));
        assert.equal(writer.since(mark), 4 + after.reduce((sum, size) => sum + 4 + size + (-size & 3), 0));
        writer.truncate(mark);
        writer.uint32(77);
        const bytes = writer.toBuffer();
        const again = new XdrWriter();
        for (const size of before) again.opaque(Buffer.alloc(size, 3));
        again.uint32(77);
        assert.deepEqual(bytes, again.toBuffer());
        assert.equal(released, before.length + after.length);
      },
    ),
    { numRuns: 50 },
  );
});

test('memory is used again only after it was drained', () => {
  const writer = new XdrWriter(64);
  writer.uint32(1);
  const [first] = writer.drain();
  writer.uint32(2);
  assert.equal(first!.bytes.readUInt32BE(0), 1);
  writer.drain();
  writer.reuse();
  writer.uint32(3);
  assert.equal(first!.bytes.readUInt32BE(0), 3);
});
