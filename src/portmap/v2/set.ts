import { procedure } from '../../rpc/index.ts';
import { netidOfProtocol } from '../netid.ts';
import type { Portmapper } from '../portmapper.ts';
import { ownerOf } from '../registry.ts';
import { answer, mapping, PMAPVERS } from '../types.ts';

/** PMAPPROC_SET (RFC 1833 §3.2): registers a program of this host. False for callers from elsewhere. */
export const set = ({ registry, statistics }: Portmapper) =>
  procedure({
    number: 1,
    name: 'PMAPPROC_SET',
    args: mapping,
    res: answer,
    idempotent: true,
    handle: ({ prog: program, vers: version, prot, port }, { peer }) => {
      const owner = ownerOf(peer);
      const netid = netidOfProtocol(prot);
      if (owner === undefined || netid === undefined || port === 0 || port > 0xffff) return false;
      const done = registry.set({ program, version, netid, address: '0.0.0.0', port }, owner);
      return statistics.set(PMAPVERS, done);
    },
  });
