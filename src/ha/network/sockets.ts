import type { InheritedSocket } from '../protocol.ts';
import {
  AF_INET,
  AF_INET6,
  bind,
  close,
  listen,
  SOCK_DGRAM,
  SOCK_STREAM,
  SocketError,
  setOption,
  socket,
} from './libc.ts';
import { addressBytes, socketAddress } from './socket-address.ts';

const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_LINGER = 13;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SOL_IP = 0;
const IP_FREEBIND = 15;
const SOL_IPV6 = 41;
const IPV6_V6ONLY = 26;
const IPV6_FREEBIND = 78;

/** All clients of a package may come back in the same instant; the kernel lowers it to `net.core.somaxconn`. */
const BACKLOG = 4096;
/** While the server process is being restarted, calls wait here. */
const UDP_BUFFER_BYTES = 4 << 20;
const PORTMAP_PORT = 111;

/** The listening sockets of one package, open until {@link close}. */
export class ServiceSockets {
  /** `fd` is this process's descriptor. */
  readonly sockets: readonly InheritedSocket[];
  private closed = false;

  constructor(sockets: readonly InheritedSocket[]) {
    this.sockets = sockets;
  }

  /**
   * For a child process.
   * @param firstFd the descriptor that the first socket has there: the length of what stands before in `stdio`.
   * @returns what to append to `stdio`, and the same sockets under the child's descriptors.
   */
  inherit(firstFd: number): { readonly stdio: readonly number[]; readonly sockets: readonly InheritedSocket[] } {
    return {
      stdio: this.sockets.map(({ fd }) => fd),
      sockets: this.sockets.map((socket, index) => ({ ...socket, fd: firstFd + index })),
    };
  }

  /** Connections that no server process has accepted are reset. Does nothing the second time: the numbers may be others' by then. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const { fd } of this.sockets) close(fd);
  }
}

/**
 * Makes a package's listening TCP and bound UDP sockets on its service addresses, which no interface needs to have yet: a
 * client that is refused when the address comes up waits 3, 6, 12, ... seconds before it tries again.
 *
 * Who owns them outlives the server process, so that clients that come back after its crash wait in the backlog.
 * Throws {@link SocketError} if a port is taken; then none is left open.
 */
export function openServiceSockets(addresses: readonly string[], port: number, portmap: boolean): ServiceSockets {
  const sockets: InheritedSocket[] = [];
  const uses = [{ use: 'nfs', port } as const, ...(portmap ? [{ use: 'portmap', port: PORTMAP_PORT } as const] : [])];
  try {
    for (const address of addresses) {
      for (const use of uses) {
        sockets.push({ ...use, address, transport: 'tcp', fd: withRemedy(use.use, () => openTcp(address, use.port)) });
        sockets.push({ ...use, address, transport: 'udp', fd: withRemedy(use.use, () => openUdp(address, use.port)) });
      }
    }
  } catch (error) {
    new ServiceSockets(sockets).close();
    throw error;
  }
  return new ServiceSockets(sockets);
}

/** Socket errors of port 111 mostly mean one thing, and the administrator can mend it. */
function withRemedy<T>(use: InheritedSocket['use'], open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (use !== 'portmap' || !(error instanceof SocketError) || error.code !== 'EADDRINUSE') throw error;
    throw new SocketError(
      `port ${PORTMAP_PORT}`,
      error.code,
      'An rpcbind runs on this node: stop it (systemctl disable --now rpcbind.socket rpcbind.service), or set ' +
        '"portmap = false" for the package and have clients mount with port=2049,mountport=2049,nolock',
    );
  }
}

function openTcp(address: string, port: number): number {
  return open(address, SOCK_STREAM, `TCP port ${port} of ${address}`, (fd, what) => {
    setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1, what);
    // Accepted connections inherit it. When their process is killed they end by RST, upon which a Linux client comes
    // back at once; after a FIN it waits three seconds.
    setOption(fd, SOL_SOCKET, SO_LINGER, lingerZero(), what);
    bind(fd, socketAddress(address, port), what);
    listen(fd, BACKLOG, what);
  });
}

function openUdp(address: string, port: number): number {
  return open(address, SOCK_DGRAM, `UDP port ${port} of ${address}`, (fd, what) => {
    enlarge(fd, SO_RCVBUFFORCE, SO_RCVBUF, what);
    enlarge(fd, SO_SNDBUFFORCE, SO_SNDBUF, what);
    // No SO_REUSEADDR: with it UDP would let another server share the port, and each would get some of the calls.
    bind(fd, socketAddress(address, port), what);
  });
}

function open(address: string, type: number, what: string, prepare: (fd: number, what: string) => void): number {
  const family = addressBytes(address).length === 4 ? AF_INET : AF_INET6;
  const fd = socket(family, type, 0);
  try {
    if (family === AF_INET) {
      setOption(fd, SOL_IP, IP_FREEBIND, 1, what);
    } else {
      setOption(fd, SOL_IPV6, IPV6_V6ONLY, 1, what);
      setOption(fd, SOL_IPV6, IPV6_FREEBIND, 1, what);
    }
    prepare(fd, what);
    return fd;
  } catch (error) {
    close(fd);
    throw error;
  }
}

/** Past `net.core.rmem_max` where the process may, up to it otherwise. */
function enlarge(fd: number, force: number, ask: number, what: string): void {
  try {
    setOption(fd, SOL_SOCKET, force, UDP_BUFFER_BYTES, what);
  } catch (error) {
    if (!(error instanceof SocketError && error.code === 'EPERM')) throw error;
    setOption(fd, SOL_SOCKET, ask, UDP_BUFFER_BYTES, what);
  }
}

/** `struct linger { on, 0 seconds }`. */
function lingerZero(): Buffer {
  const linger = Buffer.alloc(8);
  linger.writeInt32LE(1, 0);
  return linger;
}
