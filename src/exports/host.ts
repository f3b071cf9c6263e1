import { type Address, type Network, parseAddress, parseNetwork } from './address.ts';
import { Glob } from './glob.ts';

/** Whom a line of an exports file is for; `text` is as it was written. */
export type Host =
  | { readonly kind: 'name'; readonly text: string; readonly name: string }
  | { readonly kind: 'address'; readonly text: string; readonly address: Address }
  | { readonly kind: 'network'; readonly text: string; readonly network: Network }
  | { readonly kind: 'wildcard'; readonly text: string; readonly glob: Glob }
  | { readonly kind: 'everyone'; readonly text: '*' };

export const EVERYONE: Host = { kind: 'everyone', text: '*' };

/** Reads one host of an exports file. @returns what is wrong with it, in words, if it is none. */
export function parseHost(text: string): Host | string {
  if (text === '*') return EVERYONE;
  if (text.startsWith('@')) {
    return `netgroups are not supported: "${text}"; name the hosts themselves, a network (10.0.0.0/8) or a wildcard (*.example.org)`;
  }
  if (text.startsWith('gss/')) return `Kerberos is not supported: "${text}"; name the hosts, the security is sec=sys`;
  if (text.includes('/')) {
    const network = parseNetwork(text);
    return typeof network === 'string' ? `bad network "${text}": ${network}` : { kind: 'network', text, network };
  }
  const address = parseAddress(text);
  if (address !== undefined) return { kind: 'address', text, address };
  // A set of characters to a wildcard, which would match nobody.
  if (text.startsWith('[') && parseAddress(text.slice(1, -1)) !== undefined) {
    return `bad host "${text}": an address stands without brackets; write ${text.slice(1, -1)}`;
  }
  if (/[*?[]/.test(text)) {
    const glob = Glob.parse(text);
    if (glob === undefined) return `bad host "${text}": a "[" without its "]"`;
    return { kind: 'wildcard', text, glob };
  }
  if (/^[\d.]+$/.test(text)) return `bad host "${text}": an IPv4 address has four numbers from 0 to 255`;
  if (text.includes(':')) return `bad host "${text}": not an IPv6 address`;
  if (!/^[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?$/i.test(text) || text.includes('..') || text.length > 255) {
    return `bad host "${text}": not a host name, an address, a network or a wildcard`;
  }
  return { kind: 'name', text, name: text.toLowerCase() };
}

/** The network that a wildcard over addresses (`192.168.1.*`) stands for, since wildcards match names only. */
export function networkMeant(text: string): string | undefined {
  const meant = /^((?:\d{1,3}\.){1,3})\*(?:\.\*){0,2}$/.exec(text);
  if (meant === null) return undefined;
  const numbers = meant[1]!.slice(0, -1).split('.');
  return `${[...numbers, '0', '0', '0'].slice(0, 4).join('.')}/${numbers.length * 8}`;
}
