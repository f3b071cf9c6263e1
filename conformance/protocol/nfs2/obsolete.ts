import { cases, type Draft, should } from '../case.ts';
import { check } from '../expect.ts';
import { NFS2 } from '../programs/nfs2.ts';
import { authSys, callMessage, exchange } from '../rpc/client.ts';
import { refusalOf } from '../rpc/failures.ts';
import { ALICE } from './tools.ts';

/** Both procedures have no arguments, no results and no meaning. What matters is that the server lives on. */
function unused(number: number): Draft[] {
  return [
    should('answers', 'answers with nothing, or says that it is not there', async (t) => {
      const tcp = await t.tcp(NFS2);
      const call = { prog: 100_003, vers: 2, cred: authSys(ALICE) };
      const { body } = await exchange(tcp, callMessage({ ...call, proc: number }));
      const came = refusalOf(body);
      check(came === 'SUCCESS' || came === 'PROC_UNAVAIL', 'SUCCESS or PROC_UNAVAIL', came);
      if (body.reply_stat === 'MSG_ACCEPTED' && body.reply.accept_stat === 'SUCCESS') {
        const { length } = body.reply.results;
        check(length === 0, 'no result', `${length} bytes`);
      }
      const next = await exchange(tcp, callMessage({ ...call, proc: 0 }));
      check(refusalOf(next.body) === 'SUCCESS', 'SUCCESS for NULL afterwards', refusalOf(next.body));
    }),
  ];
}

export const ROOT = cases({ program: NFS2, procedure: 'ROOT', clause: 'RFC 1094 §2.2.4' }, unused(3));
export const WRITECACHE = cases({ program: NFS2, procedure: 'WRITECACHE', clause: 'RFC 1094 §2.2.8' }, unused(7));
