import { must } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal } from '../expect.ts';
import type { Program } from '../programs/program.ts';
import { authSys, callMessage, exchange, NO_AUTH } from '../rpc/client.ts';
import { refusalOf } from '../rpc/failures.ts';
import type { Transport } from '../rpc/transport.ts';
import { ALICE, type Way } from '../target.ts';
import { PROGRAMS } from './programs.ts';
import { rpcCases } from './tools.ts';

async function nothingComes(transport: Transport, { program: prog, version: vers }: Program): Promise<void> {
  for (const cred of [NO_AUTH, authSys(ALICE)]) {
    const { body } = await exchange(transport, callMessage({ prog, vers, proc: 0, cred }));
    check(body.reply_stat === 'MSG_ACCEPTED' && body.reply.accept_stat === 'SUCCESS', 'SUCCESS', refusalOf(body));
    equal('result bytes', body.reply.results.length, 0);
    equal("the reply's verifier", body.verf, NO_AUTH);
  }
}

async function byWay(t: Context, program: Program, way: Way): Promise<void> {
  const transport = await t.target.connect(program, way);
  try {
    await nothingComes(transport, program);
  } finally {
    transport.close();
  }
}

/** Procedure zero of every version of every program (RFC 5531 §12.1): no arguments, no result, no authentication. */
export const NULLS = PROGRAMS.flatMap((program) =>
  rpcCases(
    'NULL',
    'RFC 5531 §12.1',
    [
      must(program.name, `${program.name} NULL: nothing in, nothing out, with a credential and without`, async (t) => {
        await nothingComes(await t.tcp(program), program);
      }),
      must(`${program.name}-udp`, `${program.name} NULL by UDP`, { needs: ['udp'] }, async (t) => {
        await nothingComes(await t.udp(program), program);
      }),
      must(`${program.name}-ipv6`, `${program.name} NULL by IPv6`, { needs: ['ipv6'] }, async (t) => {
        await byWay(t, program, { family: 6 });
      }),
    ],
    program,
  ),
);
