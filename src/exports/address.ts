import { isIPv4, isIPv6 } from 'node:net';

/** An IP address as one number. IPv4 that is written inside IPv6 (`::ffff:10.0.0.1`) is IPv4. */
export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** All addresses that agree with `value` in the bits of `mask`. */
export interface Network extends Address {
  readonly mask: bigint;
}

const MAPPED = 0xffffn << 32n;

/** @returns undefined if the text is no IP address. A zone (`fe80::1%eth0`) says where, not who, and is left out. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { family: 4, value: ipv4Value(text) };
  if (!isIPv6(text)) return undefined;
  const value = ipv6Value(text.replace(/%.*$/, ''));
  return value >> 32n === MAPPED >> 32n ? { family: 4, value: value & 0xffffffffn } : { family: 6, value };
}

/** `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `fd00::/8`. @returns what is wrong, in words, if it is not one. */
export function parseNetwork(text: string): Network | string {
  const slash = text.indexOf('/');
  const base = parseAddress(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (base === undefined) return `"${text.slice(0, slash)}" is not an IP address`;
  // A mapped address counts its prefix from the start of the IPv6 address, 96 bits before the IPv4 one.
  const mapped = base.family === 4 && text.slice(0, slash).includes(':');
  const bits = base.family === 4 ? 32 : 128;
  const prefix = prefixLength(length, mapped ? 128 : bits);
  if (prefix === undefined || (mapped && prefix < 96)) {
    return `"/${length}" is not a network mask; write a length from 0 to ${bits} or a mask such as ${base.family === 4 ? '255.255.255.0' : 'ffff:ffff::'}`;
  }
  const mask = prefixMask(mapped ? prefix - 96 : prefix, bits);
  return { family: base.family, value: base.value & mask, mask };
}

export function isInNetwork(address: Address, network: Network): boolean {
  return address.family === network.family && (address.value & network.mask) === network.value;
}

function prefixLength(text: string, bits: number): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= bits ? Number(text) : undefined;
  const mask =
    bits === 32 && isIPv4(text) ? ipv4Value(text) : bits === 128 && isIPv6(text) ? ipv6Value(text) : undefined;
  if (mask === undefined) return undefined;
  for (let length = 0; length <= bits; length++) if (prefixMask(length, bits) === mask) return length;
  return undefined;
}

function prefixMask(length: number, bits: number): bigint {
  return ((1n << BigInt(length)) - 1n) << BigInt(bits - length);
}

function ipv4Value(text: string): bigint {
  return text.split('.').reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function ipv6Value(text: string): bigint {
  const [head = '', tail] = text.split('::');
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  const zeros = new Array<bigint>(8 - first.length - last.length).fill(0n);
  return [...first, ...zeros, ...last].reduce((value, group) => (value << 16n) | group, 0n);
}

/** The 16-bit groups of a part of an IPv6 address; it may end in a dotted IPv4 address. */
function groups(text: string): bigint[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)];
    const value = ipv4Value(group);
    return [value >> 16n, value & 0xffffn];
  });
}
