import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HEAD_BYTES, RecordError, RecordReader } from '../../src/rpc/record.ts';
import { RecordMemory } from '../../src/rpc/record-memory.ts';
import fc from '../properties.ts';
import { callMessage, ECHO, frame, WireClient, withServer, words } from './wire.ts';

function recordsOf(stream: Buffer, cuts: readonly number[], maxBytes = 1 << 20): Buffer[] {
  const reader = new RecordReader(maxBytes);
  const records: Buffer[] = [];
  let at = 0;
  for (const cut of [...cuts, stream.length]) {
    if (cut > at) reader.push(Buffer.from(stream.subarray(at, cut)));
    at = Math.max(at, cut);
    while (reader.next()) {
      records.push(Buffer.concat([reader.buffer.subarray(reader.start, reader.end), ...reader.rest]));
    }
  }
  return records;
}

test('any records, in any fragments, cut into any chunks, come out as they went in (RFC 5531 §11)', () => {
  const record = fc.tuple(fc.uint8Array({ maxLength: 20_000 }), fc.integer({ min: 1, max: 9000 }));
  fc.assert(
    fc.property(fc.array(record, { maxLength: 6 }), fc.array(fc.nat(60_000), { maxLength: 12 }), (records, cuts) => {
      const stream = Buffer.concat(records.map(([bytes, size]) => frame(Buffer.from(bytes), size)));
      const sorted = cuts.filter((cut) => cut < stream.length).sort((a, b) => a - b);
      assert.deepEqual(
        recordsOf(stream, sorted),
        records.map(([bytes]) => Buffer.from(bytes)),
      );
    }),
    { numRuns: 200 },
  );
});

/** As {@link recordsOf}, but bytes that the reader has room for are put there. */
function recordsByRoom(stream: Buffer, step: () => number, memory: RecordMemory): { record: Buffer; lent: boolean }[] {
  const reader = new RecordReader(1 << 20, memory);
  const records: { record: Buffer; lent: boolean }[] = [];
  for (let at = 0; at < stream.length; ) {
    const room = reader.room();
    const next = stream.subarray(at, at + Math.min(step(), room?.length ?? stream.length));
    if (room === undefined) reader.push(Buffer.from(next));
    else reader.filled(next.copy(room));
    at += next.length;
    while (reader.next()) {
      const record = Buffer.concat([reader.buffer.subarray(reader.start, reader.end), ...reader.rest]);
      const block = reader.takeBlock();
      // Memory that is lent again must not be what an earlier record lies in.
      if (block !== undefined) memory.give(block.fill(0));
      records.push({ record, lent: block !== undefined });
    }
  }
  return records;
}

/** Bytes that repeat only after a long while, so that a piece in the wrong place shows. */
function pattern(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 7 + (i >> 8) * 13) & 255));
}

test('records received into lent memory come out as they went in, whatever their fragments and reads', () => {
  const record = fc.tuple(fc.integer({ min: 0, max: 200_000 }), fc.integer({ min: 3000, max: 250_000 }));
  fc.assert(
    fc.property(
      fc.array(record, { maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 8 }),
      (shapes, steps) => {
        const records = shapes.map(([length]) => pattern(length));
        const stream = Buffer.concat(records.map((bytes, i) => frame(bytes, shapes[i]![1])));
        let reads = 0;
        const step = () => steps[reads++ % steps.length]!;
        const received = recordsByRoom(stream, step, new RecordMemory(1 << 20));
        assert.deepEqual(
          received.map(({ record }) => record),
          records,
        );
      },
    ),
    { numRuns: 100 },
  );
});

test('a large record read byte by byte comes out as it went in, also in two large fragments', () => {
  const message = pattern(150_000);
  for (const fragmentBytes of [message.length, 70_000]) {
    const [only] = recordsByRoom(frame(message, fragmentBytes), () => 1, new RecordMemory(1 << 20));
    assert.deepEqual(only, { record: message, lent: true });
  }
});

test('the head of a record, which is looked at after the record has gone, does not lie in lent memory', () => {
  const reader = new RecordReader(1 << 20, new RecordMemory(1 << 20));
  const stream = frame(pattern(100_000));
  reader.push(Buffer.from(stream.subarray(0, 4 + HEAD_BYTES - 1)));
  assert.equal(reader.next(), false);
  assert.equal(reader.room(), undefined);
  reader.push(Buffer.from(stream.subarray(4 + HEAD_BYTES - 1, 4 + HEAD_BYTES)));
  assert.equal(reader.next(), false);
  assert.equal(reader.room()?.length, 100_000 - HEAD_BYTES);
});

test('what small records need is not lent, and a stream that ends gives back what it had', () => {
  const memory = new RecordMemory(1 << 20);
  assert.deepEqual(
    recordsByRoom(frame(pattern(30_000)), () => 2000, memory).map(({ lent }) => lent),
    [false],
  );
  const reader = new RecordReader(1 << 20, memory);
  reader.push(frame(pattern(100_000)).subarray(0, 5000));
  assert.equal(reader.next(), false);
  assert.ok(reader.room());
  assert.ok(reader.takeBlock());
  assert.equal(reader.takeBlock(), undefined);
});

test('with all memory lent, large records are received all the same', () => {
  const memory = new RecordMemory(1 << 20);
  const lent: Buffer[] = [];
  for (let block = memory.take(); block !== undefined; block = memory.take()) lent.push(block);
  const message = pattern(100_000);
  const stream = frame(message);
  assert.deepEqual(
    recordsByRoom(stream, () => 5000, memory),
    [{ record: message, lent: false }],
  );
  memory.give(lent.pop()!);
  assert.deepEqual(
    recordsByRoom(stream, () => 5000, memory),
    [{ record: message, lent: true }],
  );
});

test('a record delivered one byte at a time, and one of one-byte fragments', () => {
  const message = Buffer.from(Array.from({ length: 5000 }, (_, i) => i & 255));
  const everyByte = (stream: Buffer) => Array.from({ length: stream.length }, (_, i) => i);
  const whole = frame(message);
  assert.deepEqual(recordsOf(whole, everyByte(whole)), [message]);
  const cut = frame(message, 1);
  assert.deepEqual(recordsOf(cut, []), [message]);
  assert.deepEqual(recordsOf(cut, everyByte(cut)), [message]);
});

test('records pushed while earlier ones wait are not lost', () => {
  const reader = new RecordReader(1000);
  for (const value of [1, 2, 3]) reader.push(frame(words(value)));
  const seen: number[] = [];
  while (reader.next()) seen.push(reader.buffer.readUInt32BE(reader.start));
  assert.deepEqual(seen, [1, 2, 3]);
});

test('a record over the bound is refused before its bytes come, in one fragment or in several', () => {
  assert.throws(() => recordsOf(words(0x8000_0000 + 1001), [], 1000), RecordError);
  assert.deepEqual(recordsOf(frame(Buffer.alloc(1000)), [], 1000), [Buffer.alloc(1000)]);
  const two = Buffer.concat([words(600), Buffer.alloc(600), words(0x8000_0000 + 600)]);
  assert.throws(() => recordsOf(two, [], 1000), RecordError);
});

test('an endless run of empty fragments is refused', () => {
  assert.throws(() => recordsOf(Buffer.alloc(4 * 2000), [], 1000), RecordError);
});

test('a record that is too large closes the connection, and only that one', async () => {
  await withServer(async ({ port }) => {
    const other = await WireClient.connect(port);
    const client = await WireClient.connect(port);
    client.send(words(0xffff_ffff, 1, 2, 3));
    await client.closed;
    assert.equal((await other.call(callMessage({}))).length, 24);
    other.close();
  });
});

test('a call in one-byte fragments, sent one byte at a time, is answered as in one piece', async () => {
  await withServer(async ({ port }) => {
    const client = await WireClient.connect(port);
    const message = callMessage({ xid: 9, procedure: ECHO, args: Buffer.concat([words(3), Buffer.from('abc\0')]) });
    for (const byte of frame(message, 1)) client.send(Buffer.from([byte]));
    assert.deepEqual(await client.reply(), Buffer.concat([words(9, 1, 0, 0, 0, 0, 3), Buffer.from('abc\0')]));
    client.close();
  });
});
