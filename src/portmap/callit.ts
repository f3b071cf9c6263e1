import { NO_REPLY, procedure } from '../rpc/index.ts';
import { nothing } from '../xdr/index.ts';
import { anything } from './types.ts';

/**
 * PMAPPROC_CALLIT, RPCBPROC_CALLIT and RPCBPROC_BCAST (RFC 1833 §2.2.1, §3.2) would call another program with this
 * host's address, past whatever that program trusts it for. They are never done. RFC 1833 wants silence where the
 * call cannot be made: they are sent by broadcast, and a refusal from every host would be a storm.
 */
export const callit = (name: 'PMAPPROC_CALLIT' | 'RPCBPROC_CALLIT' | 'RPCBPROC_BCAST') =>
  procedure({ number: 5, name, args: anything, res: nothing, idempotent: true, handle: () => NO_REPLY });
