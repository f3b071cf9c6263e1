import { procedure } from '../../rpc/index.ts';
import { nothing } from '../../xdr/index.ts';
import { type Portmapper, refuseAmplification } from '../portmapper.ts';
import { rpcb_stat_byvers } from '../types.ts';

/** RPCBPROC_GETSTAT (RFC 1833 §2.2.1): what was asked of each version so far. */
export const getstat = ({ statistics }: Portmapper) =>
  procedure({
    number: 12,
    name: 'RPCBPROC_GETSTAT',
    args: nothing,
    res: rpcb_stat_byvers,
    idempotent: true,
    handle: (_args, call) => {
      refuseAmplification(call);
      return statistics.all();
    },
  });
