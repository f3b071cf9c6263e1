import { isIPv6 } from 'node:net';
import { ConfigError } from '../common/config-error.ts';
import type { Logger } from '../common/log.ts';
import {
  type ConnectionEvents,
  type Dispatcher,
  type Peer,
  type TcpLimits,
  TcpTransport,
  UdpTransport,
} from '../rpc/index.ts';

/** Where a server listens: each address over TCP and UDP, on the same port. */
export interface Listeners {
  readonly tcp: readonly TcpTransport[];
  readonly udp: readonly UdpTransport[];
  readonly addresses: readonly string[];
  readonly port: number;
  /** Who is connected over TCP. */
  peers(): Peer[];
  /** Takes no more calls, and lets those under way end. Connections stay open, in silence. */
  quiesce(milliseconds: number): Promise<void>;
  /** Ends every connection; clients connect again at once. */
  reset(): void;
  close(): Promise<void>;
}

/** A socket that somebody else made and listens on. */
export interface InheritedListener {
  readonly fd: number;
  readonly transport: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

const NO_SUCH_ADDRESS = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT']);

/**
 * Listens on every address. A host without IPv6 does without `::` and `::1`, as long as some address is left.
 * Throws {@link ConfigError} that says which address cannot be had, and why.
 */
export async function listenOn(
  dispatcher: Dispatcher,
  addresses: readonly string[],
  port: number,
  options: { log: Logger; limits?: Partial<TcpLimits> },
): Promise<Listeners> {
  const tcp: TcpTransport[] = [];
  const udp: UdpTransport[] = [];
  const taken: string[] = [];
  let chosen = port;
  const listen = async (host: string) => {
    const stream = await TcpTransport.listen(dispatcher, { host, port: chosen }, options);
    tcp.push(stream);
    chosen = stream.port;
    udp.push(await UdpTransport.listen(dispatcher, { host, port: chosen }, options));
    taken.push(host);
  };
  try {
    for (const host of addresses) {
      try {
        await listen(host);
      } catch (error) {
        const spare = addresses.length > 1 && host === '::1';
        if (!isIPv6(host) || !NO_SUCH_ADDRESS.has(codeOf(error)) || !(spare || host === '::')) throw error;
        if (host === '::') await listen('0.0.0.0');
      }
    }
  } catch (error) {
    await closeAll(tcp, udp);
    throw listenError(error, addresses, chosen);
  }
  return listenersOf(tcp, udp, taken, chosen);
}

/** Begins to accept on sockets that listen already; what has come meanwhile is waiting there. */
export async function listenOnInherited(
  dispatcher: Dispatcher,
  sockets: readonly InheritedListener[],
  options: { log: Logger; limits?: Partial<TcpLimits>; events?: ConnectionEvents },
): Promise<Listeners> {
  const tcp: TcpTransport[] = [];
  const udp: UdpTransport[] = [];
  try {
    for (const { fd, transport, address: host } of sockets) {
      if (transport === 'tcp') tcp.push(await TcpTransport.listen(dispatcher, { fd }, options));
      else udp.push(await UdpTransport.listen(dispatcher, { fd, host }, options));
    }
  } catch (error) {
    await closeAll(tcp, udp);
    throw error;
  }
  const addresses = [...new Set(sockets.map(({ address }) => address))];
  return listenersOf(tcp, udp, addresses, sockets[0]?.port ?? 0);
}

function listenersOf(tcp: TcpTransport[], udp: UdpTransport[], addresses: readonly string[], port: number): Listeners {
  return {
    ...{ tcp, udp, addresses, port },
    peers: () => tcp.flatMap((transport) => transport.peers()),
    quiesce: async (milliseconds) => {
      const streams = tcp.map((transport) => transport.quiesce(milliseconds));
      await Promise.all([...streams, ...udp.map((transport) => transport.close(milliseconds))]);
    },
    reset: () => {
      for (const transport of tcp) transport.reset();
    },
    close: () => closeAll(tcp, udp),
  };
}

async function closeAll(tcp: readonly TcpTransport[], udp: readonly UdpTransport[]): Promise<void> {
  await Promise.all([...tcp, ...udp].map((transport) => transport.close()));
}

export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

function listenError(error: unknown, addresses: readonly string[], port: number): unknown {
  const { address = addresses.join(', ') } = error as { address?: string };
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return new InUse(
        `port ${port} on ${address} is taken: another NFS server runs there (kernel nfsd: systemctl stop nfs-server), or choose one with --port`,
      );
    case 'EACCES':
      return new ConfigError(
        `port ${port} on ${address} needs root (CAP_NET_BIND_SERVICE); choose one above 1023 with --port`,
      );
    case 'EADDRNOTAVAIL':
      return new ConfigError(`no interface of this host has the address ${address}; see "ip address", and --listen`);
    default:
      return error;
  }
}

/** The port belongs to somebody else. */
export class InUse extends ConfigError {}
