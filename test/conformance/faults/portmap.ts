import type { AnyProcedure, ProgramVersion } from '../../../src/rpc/index.ts';
import type { Alterations } from '../server.ts';
import { type Fault, onArguments, onResult, onRow } from './fault.ts';

const PORTMAPPER = 100_000;
const pmap = (procedure: string) => ({ program: PORTMAPPER, version: 2, procedure: `PMAPPROC_${procedure}` });
const rpcb = (procedure: string, version = 4) => ({ program: PORTMAPPER, version, procedure: `RPCBPROC_${procedure}` });
const TCP = 6;
const UDP = 17;

/** Runs another row of the same version before one, or instead of it. */
function withOther(
  version: number,
  name: string,
  otherName: string,
  handle: (row: AnyProcedure, other: AnyProcedure) => AnyProcedure['handle'],
): Pick<Alterations, 'programs'> {
  return {
    programs: (programs) =>
      programs.map((each): ProgramVersion => {
        if (each.program !== PORTMAPPER || each.version !== version) return each;
        const other = each.procedures.find((row) => row.name === otherName);
        if (other === undefined) throw new Error(`no ${otherName}`);
        const procedures = each.procedures.map((row) =>
          row.name === name ? { ...row, handle: handle(row, other) } : row,
        );
        return { ...each, procedures };
      }),
  };
}

/** Faults of the portmapper. */
export const PORTMAP_FAULTS: readonly Fault[] = [
  {
    name: 'getport-bytes-swapped',
    breaks: "GETPORT swaps the port's bytes",
    caughtBy: ['PORTMAPv2/GETPORT/nfs', 'PORTMAPv2/DUMP/agrees-with-getport', 'RPCBINDv3/GETADDR/same-port'],
    ...onResult(pmap('GETPORT'), (port) => ((port & 0xff) << 8) | (port >> 8)),
  },
  {
    name: 'getport-any-protocol',
    breaks: 'GETPORT takes any protocol for TCP',
    caughtBy: ['PORTMAPv2/GETPORT/unknown-protocol'],
    ...onArguments(pmap('GETPORT'), (args) => ({ ...args, prot: args.prot === UDP ? UDP : TCP })),
  },
  {
    name: 'getport-compares-ports',
    breaks: 'GETPORT finds a program by its port, too',
    caughtBy: ['PORTMAPv2/GETPORT/port-ignored'],
    ...onArguments(pmap('GETPORT'), (args) => (args.port === 0 ? args : { ...args, prog: 0 })),
  },
  {
    name: 'pmap-dump-without-udp',
    breaks: 'DUMP of version 2 leaves UDP out',
    caughtBy: ['PORTMAPv2/DUMP/itself'],
    ...onResult(pmap('DUMP'), (list) => list.filter(({ prot }: { prot: number }) => prot === TCP)),
  },
  {
    name: 'pmap-set-replaces',
    breaks: 'SET of version 2 replaces what is there',
    caughtBy: ['PORTMAPv2/SET/taken'],
    ...withOther(2, 'PMAPPROC_SET', 'PMAPPROC_UNSET', (set, unset) => (args, call) => {
      unset.handle(args, call);
      return set.handle(args, call);
    }),
  },
  {
    name: 'pmap-unset-does-nothing',
    breaks: 'UNSET of version 2 says true and does nothing',
    caughtBy: ['PORTMAPv2/UNSET/takes-away'],
    ...onRow(pmap('UNSET'), (row) => ({ ...row, handle: () => true })),
  },
  {
    name: 'pmap-unset-as-root',
    breaks: 'UNSET of version 2 takes every local caller for root',
    caughtBy: ['PORTMAPv2/UNSET/of-root-by-others'],
    ...onRow(pmap('UNSET'), (row) => ({
      ...row,
      handle: (args, call) => row.handle(args, { ...call, peer: { ...call.peer, port: 700 } }),
    })),
  },
  {
    name: 'callit-answers-failures',
    breaks: 'CALLIT answers where it could not call',
    caughtBy: ['PORTMAPv2/CALLIT/failure-is-silent'],
    ...onRow(pmap('CALLIT'), (row) => ({ ...row, handle: () => undefined })),
  },
  {
    name: 'rpcb-set-replaces',
    breaks: 'SET of version 4 replaces what is there',
    caughtBy: ['RPCBINDv4/SET/taken'],
    ...withOther(4, 'RPCBPROC_SET', 'RPCBPROC_UNSET', (set, unset) => (args, call) => {
      unset.handle(args, call);
      return set.handle(args, call);
    }),
  },
  {
    name: 'rpcb-unset-all-transports',
    breaks: 'UNSET of version 3 takes a service away from all transports',
    caughtBy: ['RPCBINDv3/UNSET/one-transport'],
    ...onArguments(rpcb('UNSET', 3), (args) => ({ ...args, r_netid: '' })),
  },
  {
    name: 'getaddr-unspecified',
    breaks: 'GETADDR gives 0.0.0.0',
    caughtBy: ['RPCBINDv3/GETADDR/reachable'],
    ...onResult(rpcb('GETADDR', 3), (uaddr) => uaddr.replace('127.0.0.1', '0.0.0.0')),
  },
  {
    name: 'getaddr-port-swapped',
    breaks: "GETADDR swaps the port's bytes",
    caughtBy: ['RPCBINDv4/GETADDR/nfs', 'RPCBINDv4/GETADDR/same-port'],
    ...onResult(rpcb('GETADDR'), (uaddr) => uaddr.replace(/(\d+)\.(\d+)$/, '$2.$1')),
  },
  {
    name: 'getversaddr-any-version',
    breaks: 'GETVERSADDR gives the address of another version',
    caughtBy: ['RPCBINDv4/GETVERSADDR/unknown-version'],
    ...withOther(4, 'RPCBPROC_GETVERSADDR', 'RPCBPROC_GETADDR', (_row, other) => other.handle),
  },
  {
    name: 'gettime-milliseconds',
    breaks: 'GETTIME counts milliseconds',
    caughtBy: ['RPCBINDv3/GETTIME/now'],
    ...onResult(rpcb('GETTIME', 3), (seconds) => (seconds * 1000) >>> 0),
  },
  {
    name: 'uaddr2taddr-port-swapped',
    breaks: "UADDR2TADDR swaps the port's bytes",
    caughtBy: ['RPCBINDv4/UADDR2TADDR/and-back'],
    ...onResult(rpcb('UADDR2TADDR'), ({ maxlen, buf }) => {
      const swapped = Buffer.from(buf);
      swapped.writeUInt16LE(buf.readUInt16BE(2), 2);
      return { maxlen, buf: swapped };
    }),
  },
  {
    name: 'getaddrlist-semantics',
    breaks: 'GETADDRLIST calls TCP connectionless',
    caughtBy: ['RPCBINDv4/GETADDRLIST/words'],
    ...onResult(rpcb('GETADDRLIST'), (list) => list.map((entry: object) => ({ ...entry, r_nc_semantics: 1 }))),
  },
  {
    name: 'getstat-stands-still',
    breaks: 'GETSTAT always says zero',
    caughtBy: ['RPCBINDv4/GETSTAT/counts', 'RPCBINDv4/GETSTAT/lookups'],
    ...onResult(rpcb('GETSTAT'), (all) =>
      all.map((each: { info: number[] }) => ({ ...each, info: each.info.map(() => 0), addrinfo: [] })),
    ),
  },
];
