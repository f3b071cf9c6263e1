import { cases, linux, must } from '../case.ts';
import { check, equal } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { callMessage, exchange, NO_AUTH } from '../rpc/client.ts';
import { refusalOf } from '../rpc/failures.ts';
import { ALICE } from '../target.ts';

export const NULL = cases({ program: NFS3, procedure: 'NULL', clause: 'RFC 1813 §3.3.0' }, [
  must('answers', 'answers with nothing', async (t) => {
    await t.nfs.NULL();
  }),
  must('no-credential', 'needs no credential', async (t) => {
    const tcp = await t.tcp();
    const { body } = await exchange(tcp, callMessage({ prog: 100_003, vers: 3, proc: 0, cred: NO_AUTH }));
    equal('the answer', refusalOf(body), 'SUCCESS');
  }),
  must('udp', 'answers by UDP', { needs: ['udp'] }, async (t) => {
    await (await t.client(NFS3, { kind: 'udp' })).NULL();
  }),
  must('ipv6', 'answers by IPv6', { needs: ['ipv6'] }, async (t) => {
    await (await t.client(NFS3, { family: 6 })).NULL();
  }),
  linux(
    'unprivileged-port',
    'answers a client without a privileged port, for health checks and rpcinfo',
    { needs: ['privileged'], clause: 'rpcinfo(8)' },
    async (t) => {
      await (await t.client(NFS3, { user: ALICE, privileged: false })).NULL();
    },
  ),
  must('empty-result', 'the result has no bytes', async (t) => {
    const tcp = await t.tcp();
    const { body } = await exchange(tcp, callMessage({ prog: 100_003, vers: 3, proc: 0 }));
    check(body.reply_stat === 'MSG_ACCEPTED' && body.reply.accept_stat === 'SUCCESS', 'SUCCESS', refusalOf(body));
    equal('result bytes', body.reply.results.length, 0);
  }),
]);
