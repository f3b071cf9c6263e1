import { procedure } from '../../rpc/index.ts';
import { isSixFamily, netidOf } from '../netid.ts';
import type { Portmapper } from '../portmapper.ts';
import { reachedBy } from '../registry.ts';
import { NC_TPI_CLTS, NC_TPI_COTS_ORD, rpcb, rpcb_entry_list_ptr } from '../types.ts';

/** RPCBPROC_GETADDRLIST (RFC 1833 §2.2.1): a version's addresses by every transport of the caller's family. */
export const getaddrlist = ({ registry, statistics }: Portmapper, rpcbVersion: number) =>
  procedure({
    number: 11,
    name: 'RPCBPROC_GETADDRLIST',
    args: rpcb,
    res: rpcb_entry_list_ptr,
    idempotent: true,
    handle: ({ r_prog, r_vers }, { peer }) => {
      const netid = netidOf(peer);
      const six = isSixFamily(netid);
      const found = registry
        .list()
        .filter((entry) => entry.program === r_prog && entry.version === r_vers && isSixFamily(entry.netid) === six);
      statistics.lookedUp(rpcbVersion, r_prog, r_vers, netid, found.length > 0);
      return found.map((entry) => {
        const stream = entry.netid.startsWith('tcp');
        return {
          r_maddr: reachedBy(peer, entry),
          r_nc_netid: entry.netid,
          r_nc_semantics: stream ? NC_TPI_COTS_ORD : NC_TPI_CLTS,
          r_nc_protofmly: six ? 'inet6' : 'inet',
          r_nc_proto: stream ? 'tcp' : 'udp',
        };
      });
    },
  });
