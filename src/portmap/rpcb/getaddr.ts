import { type Call, procedure } from '../../rpc/index.ts';
import { netidOf } from '../netid.ts';
import type { Portmapper } from '../portmapper.ts';
import { type Registration, reachedBy } from '../registry.ts';
import { rpcb, uaddr } from '../types.ts';

/**
 * RPCBPROC_GETADDR (RFC 1833 §2.2.1): the universal address of a program, of any version if that one is not there;
 * empty if there is none. The transport is the one that the call came by: r_netid is ignored, as the RFC says.
 */
export const getaddr = (portmapper: Portmapper, rpcbVersion: number) =>
  procedure({
    number: 3,
    name: 'RPCBPROC_GETADDR',
    args: rpcb,
    res: uaddr,
    idempotent: true,
    handle: (args, call) =>
      answerFor(
        portmapper,
        rpcbVersion,
        args,
        call,
        portmapper.registry.anyVersion(args.r_prog, args.r_vers, netidOf(call.peer)),
      ),
  });

/** RPCBPROC_GETVERSADDR (RFC 1833 §2.2.1): as GETADDR, but of the version asked for and no other. */
export const getversaddr = (portmapper: Portmapper, rpcbVersion: number) =>
  procedure({
    number: 9,
    name: 'RPCBPROC_GETVERSADDR',
    args: rpcb,
    res: uaddr,
    idempotent: true,
    handle: (args, call) =>
      answerFor(
        portmapper,
        rpcbVersion,
        args,
        call,
        portmapper.registry.exact(args.r_prog, args.r_vers, netidOf(call.peer)),
      ),
  });

function answerFor(
  { statistics }: Portmapper,
  rpcbVersion: number,
  { r_prog, r_vers }: rpcb,
  { peer }: Call,
  found: Registration | undefined,
): string {
  statistics.lookedUp(rpcbVersion, r_prog, r_vers, netidOf(peer), found !== undefined);
  return found === undefined ? '' : reachedBy(peer, found);
}
