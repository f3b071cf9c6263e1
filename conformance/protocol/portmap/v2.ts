import { linux, must, should } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { PMAP2 } from '../programs/portmap.ts';
import { answerTo, words } from '../rpc-layer/tools.ts';
import {
  IPPROTO_TCP,
  IPPROTO_UDP,
  NFS_PROGRAM,
  nfsAnswersAt,
  nfsPort,
  PORTMAPPER,
  pmap,
  portmapCases,
  spareProgram,
} from './tools.ts';

const PROTOCOLS = [IPPROTO_TCP, IPPROTO_UDP];
const PMAP_PORT = 111;

async function portOf(t: Context, prog: number, vers: number, prot: number, port = 0): Promise<number> {
  return (await pmap(t)).GETPORT({ prog, vers, prot, port });
}

const GETPORT = portmapCases(PMAP2, 'GETPORT', [
  must('nfs', 'where it says that NFSv3 is, NFSv3 answers', async (t) => {
    const port = await nfsPort(t);
    await nfsAnswersAt(t.target.options.host, port);
  }),
  must('unknown-program', 'a program that is not registered: 0', async (t) => {
    for (const prot of PROTOCOLS) equal('port', await portOf(t, spareProgram(), 1, prot), 0);
  }),
  must('unknown-protocol', 'a protocol that is neither TCP nor UDP: 0', async (t) => {
    await nfsPort(t);
    for (const prot of [0, 1, 99, 0xffff_ffff]) equal('port', await portOf(t, NFS_PROGRAM, 3, prot), 0);
  }),
  must('port-ignored', 'the port in the arguments does not matter', async (t) => {
    const port = await nfsPort(t);
    for (const other of [1, 65_535, 0xffff_ffff]) {
      equal('port', await portOf(t, NFS_PROGRAM, 3, IPPROTO_TCP, other), port);
    }
  }),
  linux(
    'unknown-version',
    'a version that is not registered of a program that is: its port, where the client learns the versions',
    { clause: 'rpcbind: PMAPPROC_GETPORT' },
    async (t) => {
      equal('port', await portOf(t, NFS_PROGRAM, 99, IPPROTO_TCP), await nfsPort(t));
    },
  ),
  must('udp', 'asked by UDP: the same port', { needs: ['udp'] }, async (t) => {
    const port = await nfsPort(t);
    const asked = { prog: NFS_PROGRAM, vers: 3, prot: IPPROTO_TCP, port: 0 };
    equal('port', await (await pmap(t, { kind: 'udp' })).GETPORT(asked), port);
  }),
  must('itself', 'it knows itself, by both protocols', async (t) => {
    for (const prot of PROTOCOLS) {
      const port = await portOf(t, PORTMAPPER, 2, prot);
      check(port > 0, 'a port', `${port}`);
    }
  }),
  must('one-port', 'NFS, MOUNT and NLM have ports within 16 bits', async (t) => {
    for (const prog of [NFS_PROGRAM, 100_005, 100_021]) {
      const port = await portOf(t, prog, 3, IPPROTO_TCP);
      check(port < 65_536, 'a port', `${port}`);
    }
  }),
  must('unprivileged-port', 'anybody may ask', { needs: ['privileged'] }, async (t) => {
    const asked = { prog: NFS_PROGRAM, vers: 3, prot: IPPROTO_TCP, port: 0 };
    equal('port', await (await pmap(t, { privileged: false })).GETPORT(asked), await nfsPort(t));
  }),
  must('garbage', 'arguments cut off: GARBAGE_ARGS', { clause: 'RFC 5531 §9' }, async (t) => {
    const tcp = await t.tcp(PMAP2);
    const call = { prog: PORTMAPPER, vers: 2 };
    for (const args of [Buffer.alloc(0), words(1), words(1, 2, 3)]) {
      for (const proc of [1, 2, 3]) equal('the answer', await answerTo(tcp, { ...call, proc, args }), 'GARBAGE_ARGS');
    }
    equal('NULL', await answerTo(tcp, call), 'SUCCESS');
  }),
]);

const DUMP = portmapCases(PMAP2, 'DUMP', [
  must('agrees-with-getport', 'lists each mapping with the port that GETPORT gives', async (t) => {
    const client = await pmap(t);
    const list = await client.DUMP();
    check(list.length > 0, 'some mappings', 'none');
    for (const { prog, vers, prot, port } of list) {
      check(PROTOCOLS.includes(prot), 'TCP or UDP', `${prot}`);
      equal(`port of ${prog} version ${vers}`, await client.GETPORT({ prog, vers, prot, port: 0 }), port);
    }
  }),
  must('once', 'no program, version and protocol is listed twice', async (t) => {
    const keys = (await (await pmap(t)).DUMP()).map(({ prog, vers, prot }) => `${prog} ${vers} ${prot}`);
    equal('mappings', keys, [...new Set(keys)]);
  }),
  must('nfs', 'lists NFSv3', async (t) => {
    const port = await nfsPort(t);
    const found = (await (await pmap(t)).DUMP()).filter(({ prog, vers, prot }) => {
      return prog === NFS_PROGRAM && vers === 3 && prot === IPPROTO_TCP;
    });
    equal('mappings', found, [{ prog: NFS_PROGRAM, vers: 3, prot: IPPROTO_TCP, port }]);
  }),
  should('itself', 'lists itself', async (t) => {
    const own = (await (await pmap(t)).DUMP()).filter(({ prog, vers }) => prog === PORTMAPPER && vers === 2);
    equal('protocols', own.map(({ prot }) => prot).sort(), [...PROTOCOLS].sort());
  }),
  must('rpc-programs-answer', 'every version of NFS that it lists answers', async (t) => {
    for (const { prog, vers, prot, port } of await (await pmap(t)).DUMP()) {
      if (prog !== NFS_PROGRAM || prot !== IPPROTO_TCP) continue;
      await nfsAnswersAt(t.target.options.host, port, vers);
    }
  }),
]);

const CALLS = portmapCases(PMAP2, 'NULL', [
  must('port-111', 'the portmapper tells port 111 of itself, if that is where it is', async (t) => {
    const { port } = await t.target.endpoint(PMAP2);
    const told = await portOf(t, PORTMAPPER, 2, IPPROTO_TCP);
    if (port === PMAP_PORT) equal('port', told, port);
    else check(told > 0, 'a port', `${told}`);
  }),
  must('not-nfs', "a portmapper's port of its own does not answer for NFS", async (t) => {
    const [own, nfs] = [await t.target.endpoint(PMAP2), await t.target.endpoint(NFS3)];
    const answer = await answerTo(await t.tcp(PMAP2), { prog: NFS_PROGRAM, vers: 3 });
    equal('the answer', answer, own.port === nfs.port ? 'SUCCESS' : 'PROG_UNAVAIL');
  }),
]);

export const PMAP_LOOKUPS = [...CALLS, ...GETPORT, ...DUMP];
