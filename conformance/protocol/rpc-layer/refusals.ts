import { must } from '../case.ts';
import { check, equal } from '../expect.ts';
import { MOUNT3 } from '../programs/mount.ts';
import { NLM4 } from '../programs/nlm.ts';
import type { Program } from '../programs/program.ts';
import { callMessage, exchange } from '../rpc/client.ts';
import { refusalOf } from '../rpc/failures.ts';
import type { Transport } from '../rpc/transport.ts';
import { EACH_PROGRAM, PROGRAMS } from './programs.ts';
import { answerTo, nextIsServed, rpcCases } from './tools.ts';

const NOT_A_PROGRAM = 0x2000_1234;
const HIGHEST = 0xffff_ffff;

/** The versions that PROG_MISMATCH names. */
async function rangeOf(transport: Transport, prog: number, vers: number): Promise<{ low: number; high: number }> {
  const { body } = await exchange(transport, callMessage({ prog, vers }));
  const expected = `PROG_MISMATCH for version ${vers}`;
  check(body.reply_stat === 'MSG_ACCEPTED' && body.reply.accept_stat === 'PROG_MISMATCH', expected, refusalOf(body));
  return { low: body.reply.low, high: body.reply.high };
}

async function refusesRpcVersion(transport: Transport, rpcvers: number): Promise<void> {
  equal(`the answer to RPC version ${rpcvers}`, await answerTo(transport, { rpcvers }), 'RPC_MISMATCH 2..2');
  await nextIsServed(transport);
}

const RPC_VERSIONS = rpcCases('RPC_MISMATCH', 'RFC 5531 §9', [
  ...[0, 1, 3, HIGHEST].map((rpcvers) =>
    must(`version-${rpcvers}`, `RPC version ${rpcvers}: RPC_MISMATCH, 2 to 2`, async (t) => {
      await refusesRpcVersion(await t.tcp(), rpcvers);
    }),
  ),
  must('udp', 'RPC version 3 by UDP: RPC_MISMATCH, 2 to 2', { needs: ['udp'] }, async (t) => {
    await refusesRpcVersion(await t.udp(), 3);
  }),
  must('before-the-program', 'RPC version 3 and an unknown program: RPC_MISMATCH', async (t) => {
    equal('the answer', await answerTo(await t.tcp(), { rpcvers: 3, prog: NOT_A_PROGRAM }), 'RPC_MISMATCH 2..2');
  }),
]);

const UNKNOWN_PROGRAMS = rpcCases('PROG_UNAVAIL', 'RFC 5531 §9', [
  must('unknown', 'a program that is not there: PROG_UNAVAIL', async (t) => {
    const tcp = await t.tcp();
    equal('the answer', await answerTo(tcp, { prog: NOT_A_PROGRAM }), 'PROG_UNAVAIL');
    await nextIsServed(tcp);
  }),
  must('zero-and-highest', 'programs 0 and 2^32 - 1: PROG_UNAVAIL', async (t) => {
    const tcp = await t.tcp();
    for (const prog of [0, HIGHEST]) equal(`the answer for ${prog}`, await answerTo(tcp, { prog }), 'PROG_UNAVAIL');
  }),
  must('udp', 'a program that is not there, by UDP: PROG_UNAVAIL', { needs: ['udp'] }, async (t) => {
    equal('the answer', await answerTo(await t.udp(), { prog: NOT_A_PROGRAM }), 'PROG_UNAVAIL');
  }),
]);

const mismatch = (program: Program) =>
  rpcCases(
    'PROG_MISMATCH',
    'RFC 5531 §9',
    [
      must(program.name, `a version of ${program.name.replace(/v\d$/, '')} that is not there: the range`, async (t) => {
        const { program: prog, version } = program;
        const tcp = await t.tcp(program);
        for (const vers of [99, HIGHEST]) {
          const { low, high } = await rangeOf(tcp, prog, vers);
          check(low <= version && version <= high, `a range with ${version} in it`, `${low}..${high}`);
          for (const end of [low, high]) {
            equal(`NULL of version ${end}`, await answerTo(tcp, { prog, vers: end }), 'SUCCESS');
          }
        }
      }),
    ],
    program,
  );

const UNKNOWN_VERSIONS = [
  ...EACH_PROGRAM.flatMap(mismatch),
  ...rpcCases('PROG_MISMATCH', 'RFC 5531 §9', [
    must('version-0', 'version 0: PROG_MISMATCH', async (t) => {
      const tcp = await t.tcp();
      const { low } = await rangeOf(tcp, 100_003, 0);
      check(low > 0, 'the lowest version', `${low}`);
      await nextIsServed(tcp);
    }),
    must('unknown-procedure-too', 'an unknown procedure of an unknown version: PROG_MISMATCH', async (t) => {
      const answer = await answerTo(await t.tcp(), { vers: 99, proc: 9999 });
      check(answer.startsWith('PROG_MISMATCH'), 'PROG_MISMATCH', answer);
    }),
    must('udp', 'a version that is not there, by UDP: the same range as by TCP', { needs: ['udp'] }, async (t) => {
      const range = await rangeOf(await t.tcp(), 100_003, 99);
      // Versions may be kept to one transport, as NFSv4 is kept to TCP.
      const { low, high } = await rangeOf(await t.udp(), 100_003, 99);
      check(
        range.low <= low && low <= high && high <= range.high,
        `within ${range.low}..${range.high}`,
        `${low}..${high}`,
      );
    }),
  ]),
  ...rpcCases(
    'PROG_MISMATCH',
    'RFC 5531 §9',
    [
      must('gap', 'NLM version 2, between versions that are there: PROG_MISMATCH around it', async (t) => {
        const { low, high } = await rangeOf(await t.tcp(NLM4), 100_021, 2);
        check(low < 2 || high > 2, 'a range of other versions', `${low}..${high}`);
      }),
    ],
    NLM4,
  ),
];

const unknownProcedure = (program: Program) =>
  rpcCases(
    'PROC_UNAVAIL',
    'RFC 5531 §9',
    [
      must(program.name, `${program.name} procedure 9999: PROC_UNAVAIL`, async (t) => {
        const { program: prog, version: vers } = program;
        const tcp = await t.tcp(program);
        for (const proc of [9999, HIGHEST]) {
          equal(`the answer to ${proc}`, await answerTo(tcp, { prog, vers, proc }), 'PROC_UNAVAIL');
        }
        equal('the next call', await answerTo(tcp, { prog, vers }), 'SUCCESS');
      }),
    ],
    program,
  );

const UNKNOWN_PROCEDURES = [
  ...PROGRAMS.flatMap(unknownProcedure),
  ...rpcCases('PROC_UNAVAIL', 'RFC 5531 §9', [
    must('one-past-the-last', 'NFSv3 procedure 22, one past COMMIT: PROC_UNAVAIL', async (t) => {
      equal('the answer', await answerTo(await t.tcp(), { proc: 22 }), 'PROC_UNAVAIL');
    }),
    must('udp', 'an unknown procedure by UDP: PROC_UNAVAIL', { needs: ['udp'] }, async (t) => {
      equal('the answer', await answerTo(await t.udp(), { proc: 9999 }), 'PROC_UNAVAIL');
    }),
  ]),
  ...rpcCases(
    'PROC_UNAVAIL',
    'RFC 1813 §5.2',
    [
      must('mount-3-exportall', "version 3 of MOUNT has no procedure 6, the older versions' EXPORTALL", async (t) => {
        const call = { prog: 100_005, vers: 3, proc: 6 };
        equal('the answer', await answerTo(await t.tcp(MOUNT3), call), 'PROC_UNAVAIL');
      }),
    ],
    MOUNT3,
  ),
];

export const REFUSALS = [...RPC_VERSIONS, ...UNKNOWN_PROGRAMS, ...UNKNOWN_VERSIONS, ...UNKNOWN_PROCEDURES];
