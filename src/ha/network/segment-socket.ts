import type { Connection } from '../protocol.ts';
import { AF_INET, AF_INET6, close, SOCK_RAW, sendTo, setOption, socket } from './libc.ts';
import { addressBytes, socketAddress } from './socket-address.ts';

const IPPROTO_RAW = 255;
const SOL_IPV6 = 41;
const IPV6_HDRINCL = 36;

/** Sends whole IP packets; the kernel finds the way. */
export interface SegmentPort {
  send(to: Pick<Connection, 'address'>, packet: Buffer): void;
  close(): void;
}

/** Throws {@link SocketError} without CAP_NET_RAW. */
export function openSegmentPort(): SegmentPort {
  // For IPv4 this protocol says that the header is included (raw(7)), and that nothing is received.
  const ipv4 = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
  let ipv6: number | undefined;
  return {
    send: ({ address }, packet) => {
      const what = `a segment to ${address}`;
      // A port other than 0 is refused by IPv6's raw sockets. A full queue loses this one; the next round follows.
      if (addressBytes(address).length === 4) sendTo(ipv4, packet, socketAddress(address, 0), what);
      else sendTo((ipv6 ??= openIpv6()), packet, socketAddress(address, 0), what);
    },
    close: () => {
      close(ipv4);
      if (ipv6 !== undefined) close(ipv6);
    },
  };
}

function openIpv6(): number {
  const fd = socket(AF_INET6, SOCK_RAW, IPPROTO_RAW);
  setOption(fd, SOL_IPV6, IPV6_HDRINCL, 1, 'IPV6_HDRINCL');
  return fd;
}
