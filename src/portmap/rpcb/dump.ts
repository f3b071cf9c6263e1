import { procedure } from '../../rpc/index.ts';
import { nothing } from '../../xdr/index.ts';
import { type Portmapper, refuseAmplification } from '../portmapper.ts';
import { rpcblist_ptr } from '../types.ts';
import { formatUaddr } from '../uaddr.ts';

/** RPCBPROC_DUMP (RFC 1833 §2.2.1): everything registered. */
export const dump = ({ registry }: Portmapper) =>
  procedure({
    number: 4,
    name: 'RPCBPROC_DUMP',
    args: nothing,
    res: rpcblist_ptr,
    idempotent: true,
    handle: (_args, call) => {
      refuseAmplification(call);
      return registry.list().map((entry) => ({
        r_prog: entry.program,
        r_vers: entry.version,
        r_netid: entry.netid,
        r_addr: formatUaddr(entry),
        r_owner: entry.owner,
      }));
    },
  });
