import { procedure } from '../../rpc/index.ts';
import type { Portmapper } from '../portmapper.ts';
import { ownerOf } from '../registry.ts';
import { answer, mapping, PMAPVERS } from '../types.ts';

/** PMAPPROC_UNSET (RFC 1833 §3.2): takes a program's version away; protocol and port are ignored. */
export const unset = ({ registry, statistics }: Portmapper) =>
  procedure({
    number: 2,
    name: 'PMAPPROC_UNSET',
    args: mapping,
    res: answer,
    idempotent: true,
    handle: ({ prog, vers }, { peer }) => {
      const owner = ownerOf(peer);
      if (owner === undefined) return false;
      const tcp = registry.unset(prog, vers, 'tcp', owner);
      const udp = registry.unset(prog, vers, 'udp', owner);
      return statistics.unset(PMAPVERS, tcp || udp);
    },
  });
