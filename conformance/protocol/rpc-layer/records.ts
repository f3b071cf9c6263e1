import { must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, ok } from '../expect.ts';
import { newFile } from '../nfs3/tools.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { reply_msg } from '../programs/rpc.ts';
import { authSys, callMessage } from '../rpc/client.ts';
import { RpcRefused } from '../rpc/failures.ts';
import { fragment, record, type TcpTransport } from '../rpc/tcp.ts';
import { ALICE } from '../target.ts';
import { decode, encode } from '../wire.ts';
import { getattrOf, isClosed, nextIsServed, rpcCases, survives, words, xidOf } from './tools.ts';

const { GETATTR, WRITE } = NFS3.procedures;
const REPLY_MILLISECONDS = 20_000;
const EMPTY = Buffer.alloc(0);
const LAST = 0x8000_0000;
const FEW = 3;

/** The reply to a {@link getattrOf} that was written in whichever way: the root is a directory. */
async function isServed(tcp: TcpTransport, message: Buffer): Promise<void> {
  const { body } = decode(reply_msg, await tcp.reply(xidOf(message), REPLY_MILLISECONDS));
  if (body.reply_stat !== 'MSG_ACCEPTED' || body.reply.accept_stat !== 'SUCCESS') throw new RpcRefused('GETATTR', body);
  const res = ok(decode(GETATTR.res, body.reply.results));
  equal('type', res.obj_attributes.type, 'NF3DIR');
}

/** A record of these fragments is the call that they are together, and the stream goes on behind it. */
async function isOneCall(t: Context, fragmentsOf: (message: Buffer) => Buffer): Promise<void> {
  const tcp = await t.tcp();
  for (let round = 0; round < FEW; round++) {
    const message = getattrOf(t);
    tcp.write(fragmentsOf(message));
    await isServed(tcp, message);
  }
}

/** Data of a size that is no multiple of anything, none of it like another part. */
const patterned = (length: number) =>
  Buffer.from(Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 7) & 0xff));

/** WRITE of much data, its record cut as `recordOf` says: the file then has that data. */
async function writesAll(t: Context, length: number, recordOf: (message: Buffer) => Buffer): Promise<void> {
  const file = await newFile(t);
  const data = patterned(length);
  const args = encode(WRITE.args, { file, offset: 0n, count: length, stable: 'UNSTABLE', data });
  const message = callMessage({ proc: WRITE.number, cred: authSys(ALICE), args });
  const tcp = await t.tcp();
  tcp.write(recordOf(message));
  const { body } = decode(reply_msg, await tcp.reply(xidOf(message), REPLY_MILLISECONDS));
  if (body.reply_stat !== 'MSG_ACCEPTED' || body.reply.accept_stat !== 'SUCCESS') throw new RpcRefused('WRITE', body);
  const { count } = ok(decode(WRITE.res, body.reply.results));
  check(count > 0, 'some bytes written', `${count}`);
  const written = await contentUpTo(t, file, count);
  check(written.equals(data.subarray(0, count)), 'the bytes that were sent', 'other bytes');
}

async function contentUpTo(t: Context, file: Buffer, length: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let offset = 0; offset < length; ) {
    const { data } = ok(await t.nfs.READ({ file, offset: BigInt(offset), count: Math.min(length - offset, 65_536) }));
    check(data.length > 0, 'more data', 'none');
    pieces.push(data);
    offset += data.length;
  }
  return Buffer.concat(pieces);
}

const ofSize = (size: number) => (message: Buffer) =>
  record(message, Array<number>(Math.ceil(message.length / size) - 1).fill(size));

/** Record marking: how calls stand in a TCP stream. */
export const RECORDS = rpcCases('records', 'RFC 5531 §11', [
  must('byte-by-byte', 'a call that comes byte by byte', async (t) => {
    const tcp = await t.tcp();
    const message = getattrOf(t);
    await tcp.writeInPieces(record(message), 1);
    await isServed(tcp, message);
  }),
  must('cut-anywhere', 'a call in two segments, wherever it is cut', async (t) => {
    const tcp = await t.tcp();
    const length = record(getattrOf(t)).length;
    for (let cut = 1; cut < length; cut++) {
      const message = getattrOf(t);
      await tcp.writeInPieces(record(message), cut);
      await isServed(tcp, message);
    }
  }),
  must('two-fragments', 'a call in two fragments', async (t) => {
    await isOneCall(t, (message) => record(message, [40]));
  }),
  must('unaligned-fragments', 'fragments whose lengths are no multiples of four', async (t) => {
    for (const size of [3, 5, 7, 13]) await isOneCall(t, ofSize(size));
  }),
  must('one-byte-fragments', 'every byte in a fragment of its own', async (t) => {
    await isOneCall(t, ofSize(1));
  }),
  must('one-byte-fragments-byte-by-byte', 'fragments of one byte that come byte by byte', async (t) => {
    const tcp = await t.tcp();
    const message = getattrOf(t);
    await tcp.writeInPieces(ofSize(1)(message), 1);
    await isServed(tcp, message);
  }),
  must('empty-fragments', 'empty fragments before, between and after', async (t) => {
    const empty = fragment(EMPTY, false);
    await isOneCall(t, (message) => Buffer.concat([empty, empty, record(message)]));
    await isOneCall(t, (message) =>
      Buffer.concat([fragment(message.subarray(0, 20), false), empty, fragment(message.subarray(20), true)]),
    );
    await isOneCall(t, (message) => Buffer.concat([fragment(message, false), fragment(EMPTY, true)]));
  }),
  must('fragments-of-calls-in-one-segment', 'several calls of several fragments in one segment', async (t) => {
    const tcp = await t.tcp();
    const messages = Array.from({ length: 10 }, () => getattrOf(t));
    tcp.write(Buffer.concat(messages.map((message, index) => record(message, [4 * (index + 1), 8]))));
    for (const message of messages) await isServed(tcp, message);
  }),
  must('large-in-one-fragment', 'a WRITE of 64 KiB in one fragment', async (t) => {
    await writesAll(t, 65_536, record);
  }),
  must('large-in-fragments', 'a WRITE of 64 KiB in fragments of 1000 bytes', async (t) => {
    await writesAll(t, 65_536, ofSize(1000));
  }),
  must('large-in-odd-fragments', 'a WRITE of 60,001 bytes in fragments of 4093 bytes', async (t) => {
    await writesAll(t, 60_001, ofSize(4093));
  }),
  must(
    'largest',
    'a WRITE of wtmax bytes (at most 1 MiB), in fragments of 8 KiB',
    { clause: 'RFC 1813 §3.3.19' },
    async (t) => {
      const { wtmax } = ok(await t.nfs.FSINFO({ fsroot: t.root }));
      await writesAll(t, Math.min(wtmax, 1 << 20), ofSize(8192));
    },
  ),
  must('oversized-survived', 'a fragment that says it has 2 GiB: others are served', async (t) => {
    for (const mark of [0x7fff_ffff, 0xffff_ffff]) await survives(t, words(mark, Buffer.alloc(100)));
  }),
  should('oversized-closed', 'a fragment that says it has 2 GiB: the connection is closed', async (t) => {
    await isClosed(await survives(t, words(0xffff_ffff, Buffer.alloc(100))));
  }),
  must('empty-fragments-without-end', 'a hundred thousand empty fragments: others are served', async (t) => {
    await survives(t, Buffer.alloc(400_000));
  }),
  must('empty-record', 'records without any bytes: others are served', async (t) => {
    await survives(t, words(LAST, LAST, LAST));
  }),
  must('other-protocol', 'an HTTP request: others are served', async (t) => {
    await survives(t, Buffer.from('GET / HTTP/1.1\r\nHost: nfs\r\n\r\n'));
  }),
  must('noise', 'a record of noise: others are served', async (t) => {
    for (const fill of [0, 0x5a, 0xff]) await survives(t, record(Buffer.alloc(1000, fill)));
  }),
  must('unfinished', 'a record that never ends, and one broken off: others are served', async (t) => {
    const unfinished = record(getattrOf(t)).subarray(0, 50);
    const waiting = await survives(t, unfinished);
    (await survives(t, unfinished)).close();
    await survives(t, record(getattrOf(t)).subarray(0, 2));
    waiting.close();
  }),
  must('goes-on-later', 'a record whose rest comes after calls on other connections', async (t) => {
    const message = getattrOf(t);
    const bytes = record(message, [32]);
    const tcp = await survives(t, bytes.subarray(0, 43));
    tcp.write(bytes.subarray(43));
    await isServed(tcp, message);
    await nextIsServed(tcp);
  }),
]);
