import type { Connection } from '../protocol.ts';
import { internetChecksum, upperChecksum } from './checksum.ts';
import { ipv6Packet } from './ipv6-header.ts';
import { addressBytes } from './socket-address.ts';

const TCP = 6;
const TCP_HEADER_BYTES = 20;
const IPV4_HEADER_BYTES = 20;
const ACK = 0x10;
const DATA_OFFSET = (TCP_HEADER_BYTES / 4) << 4;
const WINDOW = 1024;
const HOPS = 64;

/** A packet with a bare ACK of this sequence number, from our end of the connection to the client's. */
export function tickleSegment(connection: Connection, sequence: number): Buffer {
  const { localAddress, address } = connection;
  const segment = Buffer.alloc(TCP_HEADER_BYTES);
  segment.writeUInt16BE(connection.localPort, 0);
  segment.writeUInt16BE(connection.port, 2);
  segment.writeUInt32BE(sequence, 4);
  segment.writeUInt8(DATA_OFFSET, 12);
  segment.writeUInt8(ACK, 13);
  segment.writeUInt16BE(WINDOW, 14);
  segment.writeUInt16BE(upperChecksum(localAddress, address, TCP, segment), 16);
  return addressBytes(localAddress).length === 4
    ? ipv4Packet(localAddress, address, segment)
    : ipv6Packet(localAddress, address, TCP, HOPS, segment);
}

/** An IPv4 header (RFC 791 §3.1) without options in front of a segment. */
function ipv4Packet(source: string, destination: string, segment: Buffer): Buffer {
  const header = Buffer.alloc(IPV4_HEADER_BYTES);
  header.writeUInt8(0x45, 0);
  header.writeUInt16BE(IPV4_HEADER_BYTES + segment.length, 2);
  header.writeUInt8(HOPS, 8);
  header.writeUInt8(TCP, 9);
  addressBytes(source).copy(header, 12);
  addressBytes(destination).copy(header, 16);
  header.writeUInt16BE(internetChecksum(header), 10);
  return Buffer.concat([header, segment]);
}
