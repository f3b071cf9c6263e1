import { upperChecksum } from './checksum.ts';
import { ipv6Packet } from './ipv6-header.ts';
import { addressBytes } from './socket-address.ts';

export const ETHERTYPE_ARP = 0x0806;
export const ETHERTYPE_IPV6 = 0x86dd;

const BROADCAST = Buffer.from('ffffffffffff', 'hex');
const NOBODY = Buffer.alloc(6);
const ARP_REQUEST = 1;
const ARP_REPLY = 2;

const ALL_NODES = 'ff02::1';
const ALL_NODES_MAC = Buffer.from('333300000001', 'hex');
const ICMPV6 = 58;
const NEIGHBOUR_ADVERTISEMENT = 136;
const OVERRIDE = 0x20;
const TARGET_LINK_LAYER_ADDRESS = 2;
const HOP_LIMIT = 255;

/** Ethernet frames that tell every neighbour that `address` is now at `mac`. */
export function announcements(address: string, mac: Buffer): { readonly protocol: number; readonly frame: Buffer }[] {
  if (addressBytes(address).length === 16) {
    return [{ protocol: ETHERTYPE_IPV6, frame: neighbourAdvertisement(address, mac) }];
  }
  // Some systems heed one form only, some the other (RFC 5944 §4.6 allows both).
  return [ARP_REQUEST, ARP_REPLY].map((operation) => ({
    protocol: ETHERTYPE_ARP,
    frame: gratuitousArp(operation, address, mac),
  }));
}

/** RFC 826, RFC 5944 §4.6: sender and target are the same address. */
function gratuitousArp(operation: number, address: string, mac: Buffer): Buffer {
  const ip = addressBytes(address);
  // Ethernet, IPv4, and the lengths of their addresses.
  const head = Buffer.from([0, 1, 8, 0, 6, 4, 0, operation]);
  // Linux takes a reply for gratuitous only if its target hardware address is the sender's.
  const target = operation === ARP_REPLY ? mac : NOBODY;
  return ethernet(BROADCAST, mac, ETHERTYPE_ARP, Buffer.concat([head, mac, ip, target, ip]));
}

/** RFC 4861 §4.4 and §7.2.6: unsolicited, to all nodes, and it overrides what they know. */
function neighbourAdvertisement(address: string, mac: Buffer): Buffer {
  const message = Buffer.alloc(32);
  message.writeUInt8(NEIGHBOUR_ADVERTISEMENT, 0);
  message.writeUInt8(OVERRIDE, 4);
  addressBytes(address).copy(message, 8);
  message.writeUInt8(TARGET_LINK_LAYER_ADDRESS, 24);
  message.writeUInt8(1, 25); // In units of 8 bytes.
  mac.copy(message, 26);
  message.writeUInt16BE(upperChecksum(address, ALL_NODES, ICMPV6, message), 2);
  return ethernet(ALL_NODES_MAC, mac, ETHERTYPE_IPV6, ipv6Packet(address, ALL_NODES, ICMPV6, HOP_LIMIT, message));
}

/** The shortest frame without its checksum (IEEE 802.3); drivers pad, but not every virtual one does. */
const SHORTEST_FRAME_BYTES = 60;

function ethernet(destination: Buffer, source: Buffer, type: number, payload: Buffer): Buffer {
  const frame = Buffer.concat([destination, source, Buffer.from([type >> 8, type & 0xff]), payload]);
  return frame.length >= SHORTEST_FRAME_BYTES ? frame : Buffer.concat([frame], SHORTEST_FRAME_BYTES);
}
