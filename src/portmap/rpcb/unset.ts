import { procedure } from '../../rpc/index.ts';
import { isNetid } from '../netid.ts';
import type { Portmapper } from '../portmapper.ts';
import { ownerOf } from '../registry.ts';
import { answer, rpcb } from '../types.ts';

/** RPCBPROC_UNSET (RFC 1833 §2.2.1): takes a program's version away, from all transports if the netid is empty. */
export const unset = ({ registry, statistics }: Portmapper, rpcbVersion: number) =>
  procedure({
    number: 2,
    name: 'RPCBPROC_UNSET',
    args: rpcb,
    res: answer,
    idempotent: true,
    handle: ({ r_prog, r_vers, r_netid }, { peer }) => {
      const owner = ownerOf(peer);
      if (owner === undefined) return false;
      // Nothing is ever registered for a netid we do not know, so there it is as if it had been taken away.
      if (r_netid !== '' && !isNetid(r_netid)) return true;
      const done = registry.unset(r_prog, r_vers, r_netid === '' ? undefined : r_netid, owner);
      return statistics.unset(rpcbVersion, done);
    },
  });
