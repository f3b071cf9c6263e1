import { type Case, cases, linux, must } from '../case.ts';
import { equal } from '../expect.ts';
import { authSys, callMessage, exchange } from '../rpc/client.ts';
import { refusalOf } from '../rpc/failures.ts';
import { ALICE } from '../target.ts';
import type { QuotaVersion } from './tools.ts';

const FIRST_UNKNOWN = 5;

export function nullCases({ program }: QuotaVersion): Case[] {
  const { program: prog, version: vers } = program;
  return cases({ program, procedure: 'NULL', clause: 'RFC 5531 §9' }, [
    must('no-credential', 'answers with nothing, and needs no credential', async (t) => {
      const { body } = await exchange(await t.tcp(program), callMessage({ prog, vers, proc: 0 }));
      equal('the answer', refusalOf(body), 'SUCCESS');
      if (body.reply_stat === 'MSG_ACCEPTED' && body.reply.accept_stat === 'SUCCESS') {
        equal('result bytes', body.reply.results.length, 0);
      }
    }),
    linux('udp', 'answers by UDP', { needs: ['udp'], clause: 'quota(1)' }, async (t) => {
      await (await t.client(program, { kind: 'udp' })).NULL();
    }),
    must('procedure-5', 'there is no procedure 5: PROC_UNAVAIL', async (t) => {
      const { body } = await exchange(
        await t.tcp(program),
        callMessage({ prog, vers, proc: FIRST_UNKNOWN, cred: authSys(ALICE) }),
      );
      equal('the answer', refusalOf(body), 'PROC_UNAVAIL');
    }),
  ]);
}
