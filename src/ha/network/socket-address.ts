import { parseAddress } from '../../exports/address.ts';
import { AF_INET, AF_INET6, AF_PACKET } from './libc.ts';

/** The bytes of an IP address in network order: 4 or 16. */
export function addressBytes(address: string): Buffer {
  const parsed = parseAddress(address);
  if (parsed === undefined) throw new Error(`"${address}" is not an IP address`);
  const digits = parsed.family === 4 ? 8 : 32;
  return Buffer.from(parsed.value.toString(16).padStart(digits, '0'), 'hex');
}

/** Equal for all spellings of one address. */
export function addressKey(address: string): string {
  return addressBytes(address).toString('hex');
}

/** `struct sockaddr_in` or `struct sockaddr_in6`. */
export function socketAddress(address: string, port: number): Buffer {
  const bytes = addressBytes(address);
  const out = Buffer.alloc(bytes.length === 4 ? 16 : 28);
  out.writeUInt16LE(bytes.length === 4 ? AF_INET : AF_INET6, 0);
  out.writeUInt16BE(port, 2);
  bytes.copy(out, bytes.length === 4 ? 4 : 8);
  return out;
}

/** `struct sockaddr_ll`: where a whole frame goes out. */
export function linkAddress(index: number, protocol: number, destination: Buffer): Buffer {
  const out = Buffer.alloc(20);
  out.writeUInt16LE(AF_PACKET, 0);
  out.writeUInt16BE(protocol, 2);
  out.writeInt32LE(index, 4);
  out.writeUInt8(destination.length, 11);
  destination.copy(out, 12);
  return out;
}
