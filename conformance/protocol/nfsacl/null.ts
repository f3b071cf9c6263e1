import { type Case, cases, must } from '../case.ts';
import { equal } from '../expect.ts';
import { authSys, callMessage, exchange, NO_AUTH } from '../rpc/client.ts';
import { refusalOf } from '../rpc/failures.ts';
import { ALICE } from '../target.ts';
import type { AclVersion } from './tools.ts';

/** Solaris has a procedure more than Linux, GETXATTRDIR; nobody has this one. */
const UNKNOWN = 9;

export function nullCases({ program }: AclVersion): Case[] {
  const { program: prog, version: vers } = program;
  const calling = (proc: number, cred = NO_AUTH) => callMessage({ prog, vers, proc, cred });
  return cases({ program, procedure: 'NULL', clause: 'RFC 5531 §9' }, [
    must('no-credential', 'answers with nothing, and needs no credential', async (t) => {
      const { body } = await exchange(await t.tcp(program), calling(0));
      equal('the answer', refusalOf(body), 'SUCCESS');
      if (body.reply_stat === 'MSG_ACCEPTED' && body.reply.accept_stat === 'SUCCESS') {
        equal('result bytes', body.reply.results.length, 0);
      }
    }),
    must('procedure-9', 'there is no procedure 9: PROC_UNAVAIL', async (t) => {
      const { body } = await exchange(await t.tcp(program), calling(UNKNOWN, authSys(ALICE)));
      equal('the answer', refusalOf(body), 'PROC_UNAVAIL');
    }),
  ]);
}
