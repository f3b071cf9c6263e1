import { procedure } from '../../rpc/index.ts';
import { isNetid } from '../netid.ts';
import type { Portmapper } from '../portmapper.ts';
import { ownerOf } from '../registry.ts';
import { answer, rpcb } from '../types.ts';
import { parseUaddr } from '../uaddr.ts';

/** RPCBPROC_SET (RFC 1833 §2.2.1): registers a program of this host. False for callers from elsewhere. */
export const set = ({ registry, statistics }: Portmapper, rpcbVersion: number) =>
  procedure({
    number: 1,
    name: 'RPCBPROC_SET',
    args: rpcb,
    res: answer,
    idempotent: true,
    handle: ({ r_prog: program, r_vers: version, r_netid: netid, r_addr }, { peer }) => {
      // The owner is who the caller is, not who it says it is.
      const owner = ownerOf(peer);
      if (owner === undefined || !isNetid(netid)) return false;
      const endpoint = parseUaddr(r_addr, netid);
      if (endpoint === undefined || endpoint.port === 0) return false;
      return statistics.set(rpcbVersion, registry.set({ program, version, netid, ...endpoint }, owner));
    },
  });
