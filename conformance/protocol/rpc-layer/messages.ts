import { must } from '../case.ts';
import { check, equal } from '../expect.ts';
import { reply_msg } from '../programs/rpc.ts';
import { authSys, callMessage, exchange, NO_AUTH, newXid } from '../rpc/client.ts';
import { refusalOf } from '../rpc/failures.ts';
import { record } from '../rpc/tcp.ts';
import { ALICE } from '../target.ts';
import { decode } from '../wire.ts';
import { getattrOf, othersAreServed, rpcCases, staysSilent, survives, xidOf } from './tools.ts';

const REPLY = 1;
const XIDS = [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
/** xid, direction, RPC version, program, version, procedure, and two empty `opaque_auth`. */
const HEADER_BYTES = 40;

/** Call and reply headers. */
export const MESSAGES = rpcCases('messages', 'RFC 5531 §9', [
  must('xid-comes-back', 'the reply has the xid of its call, whatever that is', async (t) => {
    const tcp = await t.tcp();
    for (const xid of XIDS) {
      tcp.send(getattrOf(t, { xid }));
      const reply = decode(reply_msg, await tcp.reply(undefined, 20_000));
      equal('xid', reply.xid, xid);
      equal('the answer', refusalOf(reply.body), 'SUCCESS');
    }
  }),
  must('xid-of-refusals', 'refusals have the xid of their call', async (t) => {
    const tcp = await t.tcp();
    for (const call of [{ prog: 1 }, { vers: 99 }, { proc: 99 }, { proc: 1, cred: authSys(ALICE) }]) {
      const xid = newXid();
      tcp.send(callMessage({ xid, ...call }));
      equal('xid', decode(reply_msg, await tcp.reply(undefined, 20_000)).xid, xid);
    }
  }),
  must(
    'reply-verifier',
    'the verifier of a reply to AUTH_SYS is AUTH_NONE or AUTH_SHORT',
    { clause: 'RFC 5531 Appendix A' },
    async (t) => {
      const { body } = await exchange(await t.tcp(), getattrOf(t));
      check(body.reply_stat === 'MSG_ACCEPTED', 'an accepted call', refusalOf(body));
      const { flavor } = body.verf;
      check(flavor === 0 || flavor === 2, 'AUTH_NONE or AUTH_SHORT', `${flavor}`);
      if (flavor === 0) equal('the verifier', body.verf, NO_AUTH);
    },
  ),
  must('reply-sent-to-the-server', 'a reply, or what is neither call nor reply, is not answered', async (t) => {
    for (const mtype of [REPLY, 2, 0xffff_ffff]) {
      const tcp = await t.tcp();
      const message = getattrOf(t, { mtype });
      tcp.send(message);
      await staysSilent(tcp, xidOf(message));
    }
    await othersAreServed(t);
  }),
  must('cut-header', 'a header cut off anywhere: not run, and the server lives', async (t) => {
    const message = callMessage({ prog: 100_003, vers: 3, proc: 0 });
    equal('bytes of a header', message.length, HEADER_BYTES);
    for (let length = 0; length < HEADER_BYTES; length++) {
      const tcp = await survives(t, record(message.subarray(0, length)));
      tcp.close();
    }
    const tcp = await t.tcp();
    const cut = getattrOf(t).subarray(0, HEADER_BYTES - 8);
    tcp.send(cut);
    const came = await tcp.reply(xidOf(cut), 1_000).catch(() => undefined);
    if (came !== undefined) {
      const answer = refusalOf(decode(reply_msg, came).body);
      check(answer !== 'SUCCESS', 'a refusal', answer);
    }
  }),
  must('same-xid-on-two-connections', 'the same xid on two connections: both are answered', async (t) => {
    const message = getattrOf(t);
    const [first, second] = [await t.tcp(), await t.tcp()];
    const answers = await Promise.all([exchange(first, message), exchange(second, message)]);
    for (const { body } of answers) equal('the answer', refusalOf(body), 'SUCCESS');
  }),
]);
