import { type Case, cases, must } from '../case.ts';
import { check } from '../expect.ts';
import { callMessage, client, exchange, NO_AUTH } from '../rpc/client.ts';
import { refusalOf } from '../rpc/failures.ts';
import type { Dialect } from './locks.ts';

const LAST = 23;
const FIRST_UNUSED = 16;
const FIRST_SHARING = 20;

export function nullCases({ program }: Dialect): Case[] {
  const { program: prog, version: vers } = program;
  const about = { program, clause: 'XNFS NLM_NULL' };
  return [
    ...cases({ ...about, procedure: 'NULL' }, [
      must('tcp', 'it answers by TCP, and without credentials', async (t) => {
        const { body } = await exchange(await t.tcp(program), callMessage({ prog, vers, cred: NO_AUTH }));
        check(refusalOf(body) === 'SUCCESS', 'SUCCESS', refusalOf(body));
      }),
      must('udp', 'it answers by UDP', { needs: ['udp'] }, async (t) => {
        await client(program, await t.udp(program), NO_AUTH).NULL?.();
      }),
    ]),
    ...cases({ program, procedure: 'numbers', clause: 'XNFS Network Lock Manager, RFC 5531 §9' }, [
      must('unused', 'numbers without a procedure: PROC_UNAVAIL', async (t) => {
        const transport = await t.tcp(program);
        const sharing = vers === 1 ? [FIRST_SHARING, LAST] : [];
        for (const proc of [FIRST_UNUSED, FIRST_SHARING - 1, ...sharing, LAST + 1]) {
          const { body } = await exchange(transport, callMessage({ prog, vers, proc }));
          check(refusalOf(body) === 'PROC_UNAVAIL', `PROC_UNAVAIL for ${proc}`, refusalOf(body));
        }
      }),
    ]),
  ];
}
