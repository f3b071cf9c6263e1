import { linux, must } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal } from '../expect.ts';
import { PMAP2, RPCB3, RPCB4 } from '../programs/portmap.ts';
import { authSys, callMessage } from '../rpc/client.ts';
import type { Transport } from '../rpc/transport.ts';
import { answerTo, reactionTo, staysSilent, xidOf } from '../rpc-layer/tools.ts';
import { ROOT } from '../target.ts';
import { encode } from '../wire.ts';
import { IPPROTO_TCP, isDone, NFS_PROGRAM, PORTMAPPER, pmap, portmapCases, spareProgram } from './tools.ts';

type Program = typeof PMAP2 | typeof RPCB3 | typeof RPCB4;
/** CALLIT of versions 2 and 3, BCAST of version 4. */
const CALLIT = 5;
const INDIRECT = 10;
const SET = 1;
const UDP = { needs: ['udp'] } as const;
const PROXY = 'CVE-1999-0168';

const through = (
  { version: vers }: Program,
  proc: number,
  args: { prog: number; vers: number; proc: number; args: Buffer },
) =>
  callMessage({
    ...{ prog: PORTMAPPER, vers, proc, cred: authSys(ROOT) },
    args: encode(PMAP2.procedures.CALLIT.args, args),
  });

async function silentAbout(udp: Transport, program: Program, message: Buffer): Promise<void> {
  udp.send(message);
  await staysSilent(udp, xidOf(message));
  equal('NULL', await answerTo(udp, { prog: PORTMAPPER, vers: program.version }), 'SUCCESS');
}

const nothing = Buffer.alloc(0);
const ofSpare = () => ({ prog: spareProgram(), vers: 1, proc: 0, args: nothing });

/** Registers through the portmapper what only local programs may register: the call would come from its own host. */
async function registersNothing(t: Context, program: Program, proc: number): Promise<void> {
  const prog = spareProgram();
  const mapping = { prog, vers: 1, prot: IPPROTO_TCP, port: 40_003 };
  const args = encode(PMAP2.procedures.SET.args, mapping);
  await reactionTo(await t.udp(program), through(program, proc, { prog: PORTMAPPER, vers: 2, proc: SET, args }));
  const client = await pmap(t);
  const port = await client.GETPORT(mapping);
  if (port !== 0) await isDone(client.UNSET(mapping));
  equal('port', port, 0);
}

const silent = (program: Program, procedure: string) =>
  portmapCases(program, procedure, [
    must('failure-is-silent', 'of a program that is not registered: no reply', UDP, async (t) => {
      await silentAbout(await t.udp(program), program, through(program, CALLIT, ofSpare()));
    }),
    must('nfs-null', "of NFS's NULL: its result, no reply, or a refusal", UDP, async (t) => {
      const message = through(program, CALLIT, { prog: NFS_PROGRAM, vers: 3, proc: 0, args: nothing });
      const reaction = await reactionTo(await t.udp(program), message);
      check(reaction !== 'closed', 'a reply, or none', reaction);
      equal('NULL', await answerTo(await t.udp(program), { prog: PORTMAPPER, vers: program.version }), 'SUCCESS');
    }),
    linux('never-set', 'registers nothing through itself', { ...UDP, alone: true, clause: PROXY }, async (t) => {
      await registersNothing(t, program, CALLIT);
    }),
    must('garbage', 'arguments cut off: no reply, or GARBAGE_ARGS', { ...UDP, clause: 'RFC 5531 §9' }, async (t) => {
      const message = callMessage({ prog: PORTMAPPER, vers: program.version, proc: CALLIT, args: Buffer.alloc(6) });
      const reaction = await reactionTo(await t.udp(program), message);
      check(reaction !== 'SUCCESS', 'no success', reaction);
      equal('NULL', await answerTo(await t.udp(program), { prog: PORTMAPPER, vers: program.version }), 'SUCCESS');
    }),
  ]);

/** Calls to other programs through the portmapper. Many servers do none any more, and RFC 1833 lets them be silent. */
export const REMOTE_CALLS = [
  ...silent(PMAP2, 'CALLIT'),
  ...silent(RPCB3, 'CALLIT'),
  ...silent(RPCB4, 'BCAST'),
  ...portmapCases(RPCB4, 'INDIRECT', [
    must('failure-is-told', 'of a program that is not registered: an error, not silence', UDP, async (t) => {
      const reaction = await reactionTo(await t.udp(RPCB4), through(RPCB4, INDIRECT, ofSpare()));
      check(!['SUCCESS', 'silence', 'closed'].includes(reaction), 'an error', reaction);
    }),
    linux('never-set', 'registers nothing through itself', { ...UDP, alone: true, clause: PROXY }, async (t) => {
      await registersNothing(t, RPCB4, INDIRECT);
    }),
  ]),
];
