import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { endianness } from 'node:os';
import { isSixFamily, type Netid } from './netid.ts';

/** An internet address and a port. IPv6 addresses stand in their shortest form. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

const AF_INET = 2;
const AF_INET6 = 10;
const SOCKADDR_IN_BYTES = 16;
const SOCKADDR_IN6_BYTES = 28;
const LITTLE = endianness() === 'LE';

/** The universal address (RFC 5665 §5.2.3): the address, and the port's two bytes in decimal, `192.0.2.1.8.1`. */
export function formatUaddr({ address, port }: Endpoint): string {
  // A scope such as `%eth0` means something on this host only.
  const [plain] = address.split('%');
  return `${plain}.${port >> 8}.${port & 0xff}`;
}

/** @returns undefined if this is no universal address of the netid's family. */
export function parseUaddr(uaddr: string, netid: Netid): Endpoint | undefined {
  const [, host, high, low] = /^(.+)\.(\d{1,3})\.(\d{1,3})$/.exec(uaddr) ?? [];
  if (host === undefined || Number(high) > 255 || Number(low) > 255) return undefined;
  const port = Number(high) * 256 + Number(low);
  if (!isSixFamily(netid)) return isIPv4(host) ? { address: host, port } : undefined;
  return isIPv6(host) && !host.includes('%') ? { address: shortest(host), port } : undefined;
}

export function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** A `struct sockaddr_in` or `sockaddr_in6` as this host lays it out: what rpcbind calls a transport address. */
export function encodeSockaddr({ address, port }: Endpoint): Buffer {
  if (isIPv4(address)) {
    const bytes = Buffer.alloc(SOCKADDR_IN_BYTES);
    writeHead(bytes, AF_INET, port);
    bytes.set(address.split('.').map(Number), 4);
    return bytes;
  }
  const bytes = Buffer.alloc(SOCKADDR_IN6_BYTES);
  writeHead(bytes, AF_INET6, port);
  bytes.set(bytesOfIPv6(address), 8);
  return bytes;
}

/** @returns undefined if this is no socket address of the netid's family. */
export function decodeSockaddr(bytes: Buffer, netid: Netid): Endpoint | undefined {
  const six = isSixFamily(netid);
  if (bytes.length < (six ? SOCKADDR_IN6_BYTES : SOCKADDR_IN_BYTES)) return undefined;
  const family = LITTLE ? bytes.readUInt16LE(0) : bytes.readUInt16BE(0);
  if (family !== (six ? AF_INET6 : AF_INET)) return undefined;
  const port = bytes.readUInt16BE(2);
  if (!six) return { address: bytes.subarray(4, 8).join('.'), port };
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(8 + 2 * i).toString(16));
  return { address: shortest(groups.join(':')), port };
}

function shortest(address: string): string {
  return new SocketAddress({ address, family: 'ipv6' }).address;
}

/** Of an address that is known to be one. */
function bytesOfIPv6(address: string): Buffer {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const plain = dotted ? `${dotted[1]}${pair(dotted[2], dotted[3])}:${pair(dotted[4], dotted[5])}` : address;
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const bytes = Buffer.alloc(16);
  for (const [i, group] of left.entries()) bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * i);
  for (const [i, group] of right.entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * (8 - right.length + i));
  }
  return bytes;
}

function pair(high: string | undefined, low: string | undefined): string {
  return (Number(high) * 256 + Number(low)).toString(16);
}

function writeHead(bytes: Buffer, family: number, port: number): void {
  if (LITTLE) bytes.writeUInt16LE(family, 0);
  else bytes.writeUInt16BE(family, 0);
  bytes.writeUInt16BE(port, 2);
}
