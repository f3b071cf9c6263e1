import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { RecordError, RecordReader } from '../../src/rpc/record.ts';
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
