import { procedure } from '../../rpc/index.ts';
import { netidOf } from '../netid.ts';
import { netbuf, uaddr } from '../types.ts';
import { decodeSockaddr, encodeSockaddr, formatUaddr, parseUaddr } from '../uaddr.ts';

const NO_ADDRESS = { maxlen: 0, buf: Buffer.alloc(0) };

/** RPCBPROC_UADDR2TADDR (RFC 1833 §2.2.1): a socket address of the call's transport; empty if there is none. */
export const uaddr2taddr = () =>
  procedure({
    number: 7,
    name: 'RPCBPROC_UADDR2TADDR',
    args: uaddr,
    res: netbuf,
    idempotent: true,
    handle: (text, { peer }) => {
      const endpoint = parseUaddr(text, netidOf(peer));
      if (endpoint === undefined) return NO_ADDRESS;
      const buf = encodeSockaddr(endpoint);
      return { maxlen: buf.length, buf };
    },
  });

/** RPCBPROC_TADDR2UADDR (RFC 1833 §2.2.1): the way back. */
export const taddr2uaddr = () =>
  procedure({
    number: 8,
    name: 'RPCBPROC_TADDR2UADDR',
    args: netbuf,
    res: uaddr,
    idempotent: true,
    handle: ({ buf }, { peer }) => {
      const endpoint = decodeSockaddr(buf, netidOf(peer));
      return endpoint === undefined ? '' : formatUaddr(endpoint);
    },
  });
