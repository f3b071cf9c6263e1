import { procedure } from '../../rpc/index.ts';
import { nothing, uint32 } from '../../xdr/index.ts';
import type { Portmapper } from '../portmapper.ts';

/** RPCBPROC_GETTIME (RFC 1833 §2.2.1): seconds since 1970 by this host's clock. */
export const gettime = ({ now }: Portmapper) =>
  procedure({
    number: 6,
    name: 'RPCBPROC_GETTIME',
    args: nothing,
    res: uint32,
    idempotent: true,
    handle: () => Math.floor(now() / 1000) >>> 0,
  });
