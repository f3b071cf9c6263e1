import { type Address, isInNetwork, type Network, parseAddress, parseNetwork } from '../exports/address.ts';

/** What no client could reach a package by; the node would take some of them away from the host besides. */
const OF_NO_USE = [
  ['0.0.0.0/8', 'stands for no host'],
  ['127.0.0.0/8', "is this host's own, that no client reaches"],
  ['224.0.0.0/4', 'is for many hosts at once'],
  ['240.0.0.0/4', 'is reserved, or for all hosts at once'],
  ['::/128', 'stands for no host'],
  ['::1/128', "is this host's own, that no client reaches"],
  ['fe80::/10', 'holds on one link only, and clients would have to name their interface with it'],
  ['ff00::/8', 'is for many hosts at once'],
] as const;
const NETWORKS = OF_NO_USE.map(([text, reason]) => ({ network: networkOf(text), reason }));

/** @returns what is wrong with a service address, and what to write instead; undefined: nothing. */
export function addressProblem(text: string): string | undefined {
  const [address = '', prefix, ...more] = text.split('/');
  const parsed = parseAddress(address);
  const isSix = parsed?.family === 6;
  const remedy = `write for example "${isSix ? 'fd00::50/64' : '10.0.0.50/24'}"`;
  if (parsed === undefined || address.includes('%') || more.length > 0) {
    return `"${text}" is not an IP address; ${remedy}`;
  }
  if (!isSix && address.includes(':')) return `"${text}" is IPv4 within IPv6; write it as IPv4, such as "10.0.0.50/24"`;
  if (prefix === undefined) return `"${text}" lacks the length of its network; ${remedy}`;
  const bits = isSix ? 128 : 32;
  const isLength = /^\d{1,3}$/.test(prefix) && Number(prefix) >= 1 && Number(prefix) <= bits;
  if (!isLength) return `"/${prefix}" is no length from 1 to ${bits}; ${remedy}`;
  const useless = NETWORKS.find(({ network }) => isInNetwork(parsed, network));
  const reason = useless?.reason ?? placeProblem(parsed, networkOf(text), bits - Number(prefix));
  return reason === undefined ? undefined : `"${text}" ${reason}; ${remedy}`;
}

/** True for an address that is alone in its network. */
export function isAlone(text: string): boolean {
  const [address = '', prefix] = text.split('/');
  return Number(prefix) === (parseAddress(address)?.family === 6 ? 128 : 32);
}

/** Two addresses of an IPv4 network, and one of an IPv6 network, are no host's, unless it is as small as can be. */
function placeProblem({ family, value }: Address, network: Network, hostBits: number): string | undefined {
  if (hostBits < 2) return undefined;
  const last = network.value + (1n << BigInt(hostBits)) - 1n;
  if (value === network.value) return 'is the name of its network, and no host in it';
  return family === 4 && value === last ? 'is the broadcast address of its network, and no host in it' : undefined;
}

function networkOf(text: string): Network {
  const network = parseNetwork(text);
  if (typeof network === 'string') throw new Error(network);
  return network;
}
