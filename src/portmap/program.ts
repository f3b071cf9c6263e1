import { type AnyProcedure, type ProgramVersion, procedure } from '../rpc/index.ts';
import { nothing } from '../xdr/index.ts';
import { callit } from './callit.ts';
import type { Portmapper } from './portmapper.ts';
import type { Registry } from './registry.ts';
import { taddr2uaddr, uaddr2taddr } from './rpcb/addresses.ts';
import { dump as rpcbDump } from './rpcb/dump.ts';
import { getaddr, getversaddr } from './rpcb/getaddr.ts';
import { getaddrlist } from './rpcb/getaddrlist.ts';
import { getstat } from './rpcb/getstat.ts';
import { gettime } from './rpcb/gettime.ts';
import { set as rpcbSet } from './rpcb/set.ts';
import { unset as rpcbUnset } from './rpcb/unset.ts';
import { Statistics } from './statistics.ts';
import { PMAPVERS, RPCBPROG, RPCBVERS, RPCBVERS4 } from './types.ts';
import { dump as pmapDump } from './v2/dump.ts';
import { getport } from './v2/getport.ts';
import { set as pmapSet } from './v2/set.ts';
import { unset as pmapUnset } from './v2/unset.ts';

/**
 * The port mapper, versions 2, 3 and 4 (RFC 1833). RPCBPROC_INDIRECT has no row: it is never sent by broadcast and,
 * unlike the other two, is to say that it failed, so PROC_UNAVAIL is the answer. That is shorter than any such call.
 */
export function portmapPrograms(registry: Registry, now: () => number = Date.now): ProgramVersion[] {
  const portmapper: Portmapper = { registry, statistics: new Statistics(), now };
  const version = (number: number, procedures: AnyProcedure[]): ProgramVersion => ({
    program: RPCBPROG,
    version: number,
    name: 'portmapper',
    procedures: procedures.map((row) => counted(row, number, portmapper.statistics)),
  });
  const common = (number: number) => [
    procedure({
      number: 0,
      name: 'RPCBPROC_NULL',
      args: nothing,
      res: nothing,
      idempotent: true,
      handle: () => undefined,
    }),
    rpcbSet(portmapper, number),
    rpcbUnset(portmapper, number),
    getaddr(portmapper, number),
    rpcbDump(portmapper),
    gettime(portmapper),
    uaddr2taddr(),
    taddr2uaddr(),
  ];
  return [
    version(PMAPVERS, [
      procedure({
        number: 0,
        name: 'PMAPPROC_NULL',
        args: nothing,
        res: nothing,
        idempotent: true,
        handle: () => undefined,
      }),
      pmapSet(portmapper),
      pmapUnset(portmapper),
      getport(portmapper),
      pmapDump(portmapper),
      callit('PMAPPROC_CALLIT'),
    ]),
    version(RPCBVERS, [...common(RPCBVERS), callit('RPCBPROC_CALLIT')]),
    version(RPCBVERS4, [
      ...common(RPCBVERS4),
      callit('RPCBPROC_BCAST'),
      getversaddr(portmapper, RPCBVERS4),
      getaddrlist(portmapper, RPCBVERS4),
      getstat(portmapper),
    ]),
  ];
}

function counted(row: AnyProcedure, version: number, statistics: Statistics): AnyProcedure {
  return {
    ...row,
    handle: (args, call) => {
      statistics.called(version, row.number);
      return row.handle(args, call);
    },
  };
}
