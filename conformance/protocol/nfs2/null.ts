import { cases, must } from '../case.ts';
import { check, equal } from '../expect.ts';
import { NFS2 } from '../programs/nfs2.ts';
import { authSys, callMessage, exchange } from '../rpc/client.ts';
import { refusalOf } from '../rpc/failures.ts';
import { ALICE, nfs2 } from './tools.ts';

const FIRST_UNKNOWN = 18;

export const NULL = cases({ program: NFS2, procedure: 'NULL', clause: 'RFC 1094 §2.2.1' }, [
  must('answers', 'answers with nothing', async (t) => {
    await nfs2(t).NULL();
  }),
  must('no-credential', 'needs no credential', async (t) => {
    const { body } = await exchange(await t.tcp(NFS2), callMessage({ prog: 100_003, vers: 2, proc: 0 }));
    check(body.reply_stat === 'MSG_ACCEPTED' && body.reply.accept_stat === 'SUCCESS', 'SUCCESS', refusalOf(body));
    equal('result bytes', body.reply.results.length, 0);
  }),
  must('udp', 'answers by UDP', { needs: ['udp'], clause: 'RFC 1094 §3.4' }, async (t) => {
    await (await t.client(NFS2, { kind: 'udp' })).NULL();
  }),
  must('ipv6', 'answers by IPv6', { needs: ['ipv6'] }, async (t) => {
    await (await t.client(NFS2, { family: 6 })).NULL();
  }),
  must('procedure-18', 'there is no procedure 18: PROC_UNAVAIL', { clause: 'RFC 5531 §9' }, async (t) => {
    const { body } = await exchange(
      await t.tcp(NFS2),
      callMessage({ prog: 100_003, vers: 2, proc: FIRST_UNKNOWN, cred: authSys(ALICE) }),
    );
    equal('the answer', refusalOf(body), 'PROC_UNAVAIL');
  }),
]);
