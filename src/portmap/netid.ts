import { isIPv4, isIPv6 } from 'node:net';
import type { Peer } from '../rpc/index.ts';

/** The transports that a service can be registered for (RFC 5665 §5.1). */
export const NETIDS = ['udp', 'tcp', 'udp6', 'tcp6'] as const;
export type Netid = (typeof NETIDS)[number];

/** Protocol numbers of a portmap `mapping` (RFC 1833 §3.1). */
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;

const KNOWN = new Set<string>(NETIDS);

export function isNetid(text: string): text is Netid {
  return KNOWN.has(text);
}

/** The transport that a call came by. */
export function netidOf(peer: Peer): Netid {
  return netidFor(peer.transport, peer.address);
}

export function netidFor(transport: 'tcp' | 'udp', address: string): Netid {
  return isIPv6(address) ? `${transport}6` : transport;
}

/** Version 2 knows TCP and UDP over IPv4 only. */
export function netidOfProtocol(protocol: number): 'tcp' | 'udp' | undefined {
  if (protocol === IPPROTO_TCP) return 'tcp';
  if (protocol === IPPROTO_UDP) return 'udp';
  return undefined;
}

export function protocolOfNetid(netid: Netid): number | undefined {
  if (netid === 'tcp') return IPPROTO_TCP;
  if (netid === 'udp') return IPPROTO_UDP;
  return undefined;
}

export function isSixFamily(netid: Netid): boolean {
  return netid.endsWith('6');
}

/** Only programs of this host may change what is registered. */
export function isLoopback(address: string): boolean {
  return address === '::1' || (isIPv4(address) && address.startsWith('127.'));
}
