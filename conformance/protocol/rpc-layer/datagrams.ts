import { must } from '../case.ts';
import { check, equal, ok } from '../expect.ts';
import { newFile } from '../nfs3/tools.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { authSys, callMessage, exchange } from '../rpc/client.ts';
import { refusalOf } from '../rpc/failures.ts';
import { ALICE } from '../target.ts';
import { decode, encode } from '../wire.ts';
import { getattrOf, nextIsServed, rpcCases, staysSilent, xidOf } from './tools.ts';

const UDP = { needs: ['udp'] } as const;
const HEADER_BYTES = 40;
const { READ } = NFS3.procedures;

/** Calls by UDP: each is one datagram, and so is its reply. */
export const DATAGRAMS = rpcCases('datagrams', 'RFC 5531 §4', [
  must('answers', 'a call and its reply', UDP, async (t) => {
    const nfs = await t.client(NFS3, { kind: 'udp' });
    const [udp, tcp] = [ok(await nfs.GETATTR({ object: t.root })), ok(await t.nfs.GETATTR({ object: t.root }))];
    equal('fileid', udp.obj_attributes.fileid, tcp.obj_attributes.fileid);
  }),
  must('many-at-once', 'many calls from one port: each has its own reply', UDP, async (t) => {
    const udp = await t.udp();
    const procedures = [0, 1, 999, 0, 1, 999, 0, 1, 999];
    const answers = await Promise.all(
      procedures.map((proc) => exchange(udp, getattrOf(t, { proc, ...(proc === 0 ? { args: Buffer.alloc(0) } : {}) }))),
    );
    equal(
      'the answers',
      answers.map(({ body }) => refusalOf(body)),
      procedures.map((proc) => (proc === 999 ? 'PROC_UNAVAIL' : 'SUCCESS')),
    );
  }),
  must('two-ports', 'the same xid from two ports: both are answered', UDP, async (t) => {
    const message = getattrOf(t);
    for (const udp of [await t.udp(), await t.udp()]) {
      equal('the answer', refusalOf((await exchange(udp, message)).body), 'SUCCESS');
    }
  }),
  must('read-8-kib', 'READ of 8 KiB: all of it in one reply', { ...UDP, clause: 'RFC 1813 §3.3.6' }, async (t) => {
    const data = Buffer.from(Uint8Array.from({ length: 8192 }, (_, index) => (index * 13) & 0xff));
    const file = await newFile(t, 'file', { data });
    const args = encode(READ.args, { file, offset: 0n, count: data.length });
    const message = callMessage({ proc: READ.number, cred: authSys(ALICE), args });
    const { body } = await exchange(await t.udp(), message);
    check(body.reply_stat === 'MSG_ACCEPTED' && body.reply.accept_stat === 'SUCCESS', 'SUCCESS', refusalOf(body));
    check(ok(decode(READ.res, body.reply.results)).data.equals(data), "the file's bytes", 'others');
  }),
  must('cut-header', 'headers cut off anywhere: not run, and the next call is served', UDP, async (t) => {
    const udp = await t.udp();
    const message = callMessage({});
    for (let length = 0; length < HEADER_BYTES; length++) udp.send(message.subarray(0, length));
    await nextIsServed(udp);
  }),
  must('noise', 'datagrams of noise: the next call is served', UDP, async (t) => {
    const udp = await t.udp();
    for (const fill of [0, 0x5a, 0xff]) {
      for (const length of [1, 40, 1000, 8000]) udp.send(Buffer.alloc(length, fill));
    }
    await nextIsServed(udp);
  }),
  must(
    'reply-sent-to-the-server',
    'a reply is not answered: two servers would answer each other for ever',
    UDP,
    async (t) => {
      const udp = await t.udp();
      const message = callMessage({ mtype: 1 });
      udp.send(message);
      await staysSilent(udp, xidOf(message));
      await nextIsServed(udp);
    },
  ),
]);
