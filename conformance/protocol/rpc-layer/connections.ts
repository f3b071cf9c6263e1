import { linux, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, ok } from '../expect.ts';
import { newFile } from '../nfs3/tools.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { reply_msg } from '../programs/rpc.ts';
import { authSys, callMessage } from '../rpc/client.ts';
import { NoReply, refusalOf } from '../rpc/failures.ts';
import { record, type TcpTransport } from '../rpc/tcp.ts';
import type { Transport } from '../rpc/transport.ts';
import { ALICE } from '../target.ts';
import { decode, encode } from '../wire.ts';
import { answerTo, getattrOf, othersAreServed, rpcCases, xidOf } from './tools.ts';

const REPLY_MILLISECONDS = 20_000;
const QUIET_MILLISECONDS = 500;
const MOST_NCONNECT = 16;
const { COMMIT, READ } = NFS3.procedures;

async function answerOf(transport: Transport, message: Buffer): Promise<string> {
  return refusalOf(decode(reply_msg, await transport.reply(xidOf(message), REPLY_MILLISECONDS)).body);
}

/** Sends calls in one go: each is answered, and each once. */
async function eachOnce(tcp: TcpTransport, messages: readonly Buffer[]): Promise<void> {
  tcp.write(Buffer.concat(messages.map((message) => record(message))));
  for (const message of messages) equal('the answer', await answerOf(tcp, message), 'SUCCESS');
  const more = await tcp.reply(undefined, QUIET_MILLISECONDS).catch((error) => {
    if (error instanceof NoReply) return undefined;
    throw error;
  });
  check(more === undefined, 'one reply for each call', 'another one');
}

const many = (count: number, message: () => Buffer) => Array.from({ length: count }, message);

async function bySixOverUdp(t: Context): Promise<Transport> {
  return t.target.connect(NFS3, { kind: 'udp', family: 6 });
}

/** Connections, and many calls on them. */
export const CONNECTIONS = rpcCases('connections', 'RFC 5531 §9', [
  must('many-in-one-segment', 'a hundred calls in one segment: a hundred replies', async (t) => {
    await eachOnce(
      await t.tcp(),
      many(100, () => getattrOf(t)),
    );
  }),
  must('mixed-in-one-segment', 'calls and refusals in one segment: each has its own answer', async (t) => {
    const tcp = await t.tcp();
    const expected = ['SUCCESS', 'PROC_UNAVAIL', 'SUCCESS', 'PROG_UNAVAIL', 'GARBAGE_ARGS', 'SUCCESS'];
    const messages = [
      getattrOf(t),
      getattrOf(t, { proc: 999 }),
      callMessage({}),
      getattrOf(t, { prog: 0x2000_1234 }),
      getattrOf(t, { args: Buffer.alloc(0) }),
      getattrOf(t),
    ];
    tcp.write(Buffer.concat(messages.map((message) => record(message))));
    const answers: string[] = [];
    for (const message of messages) answers.push(await answerOf(tcp, message));
    equal('the answers', answers, expected);
  }),
  must('slow-and-quick', 'slow and quick calls together: all are answered, in whichever order', async (t) => {
    const file = await newFile(t, 'file', { data: 'x'.repeat(50_000) });
    const cred = authSys(ALICE);
    const commit = encode(COMMIT.args, { file, offset: 0n, count: 0 });
    const read = encode(READ.args, { file, offset: 0n, count: 50_000 });
    const messages = Array.from({ length: 8 }, () => [
      callMessage({ proc: COMMIT.number, cred, args: commit }),
      callMessage({ proc: READ.number, cred, args: read }),
      callMessage({}),
    ]).flat();
    await eachOnce(await t.tcp(), messages);
  }),
  must('many-large-replies', 'many large replies asked for in one go come complete', async (t) => {
    const data = Buffer.from(Uint8Array.from({ length: 32_768 }, (_, index) => (index * 7) & 0xff));
    const file = await newFile(t, 'file', { data });
    const tcp = await t.tcp();
    const args = encode(READ.args, { file, offset: 0n, count: data.length });
    const messages = many(64, () => callMessage({ proc: READ.number, cred: authSys(ALICE), args }));
    for (const message of messages) tcp.send(message);
    for (const message of messages) {
      const { body } = decode(reply_msg, await tcp.reply(xidOf(message), REPLY_MILLISECONDS));
      check(body.reply_stat === 'MSG_ACCEPTED' && body.reply.accept_stat === 'SUCCESS', 'SUCCESS', refusalOf(body));
      const res = ok(decode(READ.res, body.reply.results));
      check(res.data.equals(data.subarray(0, res.count)) && res.count > 0, "the file's bytes", `${res.count} others`);
    }
  }),
  linux(
    'sixteen',
    'sixteen connections at once, as nconnect=16 makes them',
    { clause: 'nfs(5): nconnect' },
    async (t) => {
      const connections = await Promise.all(many(MOST_NCONNECT, () => getattrOf(t)).map(() => t.tcp()));
      const answers = await Promise.all(connections.map((tcp) => answerTo(tcp, {})));
      equal('answers', new Set(answers), new Set(['SUCCESS']));
    },
  ),
  must('come-and-go', 'a hundred connections that come and go with calls under way: others are served', async (t) => {
    for (let round = 0; round < 100; round++) {
      const tcp = await t.tcp(NFS3, { privileged: false });
      tcp.send(getattrOf(t));
      tcp.close();
    }
    await othersAreServed(t);
  }),
  should(
    'half-closed',
    'a connection on which the client has ended its side: the replies still come',
    { clause: 'RFC 9293 §3.6' },
    async (t) => {
      const tcp = await t.tcp();
      const messages = many(3, () => getattrOf(t));
      tcp.write(Buffer.concat(messages.map((message) => record(message))));
      tcp.end();
      for (const message of messages) equal('the answer', await answerOf(tcp, message), 'SUCCESS');
    },
  ),
  must('ends-after-half-close', 'and then the server closes, too', { clause: 'RFC 9293 §3.6' }, async (t) => {
    const tcp = await t.tcp();
    equal('the answer', await answerTo(tcp, {}), 'SUCCESS');
    tcp.end();
    check(await tcp.closedWithin(REPLY_MILLISECONDS), 'the server to close', 'an open connection');
  }),
  must('ipv6', 'calls by IPv6 have the same results', { needs: ['ipv6'] }, async (t) => {
    const nfs = await t.client(NFS3, { family: 6 });
    const [four, six] = [ok(await t.nfs.GETATTR({ object: t.root })), ok(await nfs.GETATTR({ object: t.root }))];
    equal('fileid', six.obj_attributes.fileid, four.obj_attributes.fileid);
  }),
  must('ipv6-udp', 'calls by IPv6 and UDP are answered', { needs: ['ipv6', 'udp'] }, async (t) => {
    const udp = await bySixOverUdp(t);
    try {
      equal('the answer', await answerTo(udp, {}), 'SUCCESS');
    } finally {
      udp.close();
    }
  }),
]);
