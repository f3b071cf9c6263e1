import { AUTH_TOOWEAK, type Call, RpcRefusal } from '../rpc/index.ts';
import { isLoopback } from './netid.ts';
import type { Registry } from './registry.ts';
import type { Statistics } from './statistics.ts';

/** What the procedures share. */
export interface Portmapper {
  readonly registry: Registry;
  readonly statistics: Statistics;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Long lists go to other hosts over TCP alone: over UDP anybody could have them sent to a victim, many times the
 * size of the call. rpcinfo asks over TCP.
 */
export function refuseAmplification({ peer }: Call): void {
  if (peer.transport === 'udp' && !isLoopback(peer.address)) throw RpcRefusal.auth(AUTH_TOOWEAK);
}
