import { addressBytes } from './socket-address.ts';

export const IPV6_HEADER_BYTES = 40;

/** An IPv6 header (RFC 8200 §3) in front of `payload`. */
export function ipv6Packet(source: string, destination: string, next: number, hops: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(IPV6_HEADER_BYTES);
  header.writeUInt8(6 << 4, 0);
  header.writeUInt16BE(payload.length, 4);
  header.writeUInt8(next, 6);
  header.writeUInt8(hops, 7);
  addressBytes(source).copy(header, 8);
  addressBytes(destination).copy(header, 24);
  return Buffer.concat([header, payload]);
}
