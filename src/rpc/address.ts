import { BlockList, isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';

/** An address as people write it: IPv4 addresses that came in through an IPv6 socket without their `::ffff:`. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}

/**
 * The address of ours by which `peer` most likely reaches us, for a socket bound to all addresses: the one on the peer's
 * own network, else the first that is not loopback.
 */
export function reachableAddress(bound: string, peer: string): string {
  if (bound !== '::' && bound !== '0.0.0.0') return bound;
  const family = isIPv4(peer) ? 'IPv4' : 'IPv6';
  const addresses = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => address.family === family);
  const near = addresses.find(({ address, cidr }) => {
    const network = new BlockList();
    network.addSubnet(address, Number(cidr?.split('/')[1] ?? 128), family === 'IPv4' ? 'ipv4' : 'ipv6');
    return network.check(peer, family === 'IPv4' ? 'ipv4' : 'ipv6');
  });
  return (near ?? addresses.find((address) => !address.internal) ?? addresses[0])?.address ?? bound;
}
