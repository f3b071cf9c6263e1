import { addressBytes } from './socket-address.ts';

/** The Internet checksum (RFC 1071) of an even or odd number of bytes. */
export function internetChecksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at + 1 < bytes.length; at += 2) sum += bytes.readUInt16BE(at);
  if (bytes.length % 2 === 1) sum += bytes[bytes.length - 1]! << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** The checksum of a TCP segment or ICMPv6 message with its pseudo header (RFC 9293 §3.1, RFC 8200 §8.1). */
export function upperChecksum(source: string, destination: string, protocol: number, message: Buffer): number {
  const [from, to] = [addressBytes(source), addressBytes(destination)];
  const tail = Buffer.alloc(from.length === 4 ? 4 : 8);
  if (from.length === 4) tail.writeUInt16BE(message.length, 2);
  else tail.writeUInt32BE(message.length, 0);
  tail[from.length === 4 ? 1 : 7] = protocol;
  return internetChecksum(Buffer.concat([from, to, tail, message]));
}
