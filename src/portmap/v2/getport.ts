import { procedure } from '../../rpc/index.ts';
import { uint32 } from '../../xdr/index.ts';
import { netidOfProtocol } from '../netid.ts';
import type { Portmapper } from '../portmapper.ts';
import { mapping, PMAPVERS } from '../types.ts';

/** PMAPPROC_GETPORT (RFC 1833 §3.2): the port of a program for a protocol, zero if there is none. */
export const getport = ({ registry, statistics }: Portmapper) =>
  procedure({
    number: 3,
    name: 'PMAPPROC_GETPORT',
    args: mapping,
    res: uint32,
    idempotent: true,
    handle: ({ prog, vers, prot }) => {
      const netid = netidOfProtocol(prot);
      if (netid === undefined) return 0;
      const found = registry.anyVersion(prog, vers, netid);
      statistics.lookedUp(PMAPVERS, prog, vers, netid, found !== undefined);
      return found?.port ?? 0;
    },
  });
