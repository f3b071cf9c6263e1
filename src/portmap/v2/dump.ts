import { procedure } from '../../rpc/index.ts';
import { nothing } from '../../xdr/index.ts';
import { protocolOfNetid } from '../netid.ts';
import { type Portmapper, refuseAmplification } from '../portmapper.ts';
import { pmaplist } from '../types.ts';

/** PMAPPROC_DUMP (RFC 1833 §3.2): everything registered for TCP and UDP over IPv4. */
export const dump = ({ registry }: Portmapper) =>
  procedure({
    number: 4,
    name: 'PMAPPROC_DUMP',
    args: nothing,
    res: pmaplist,
    idempotent: true,
    handle: (_args, call) => {
      refuseAmplification(call);
      return registry.list().flatMap(({ program, version, netid, port }) => {
        const prot = protocolOfNetid(netid);
        return prot === undefined ? [] : [{ prog: program, vers: version, prot, port }];
      });
    },
  });
