import type { Peer } from '../rpc/index.ts';
import type { Mount } from '../state/index.ts';

/** `steadfs status`: what runs, and where. */
export interface StatusReport {
  readonly version: string;
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly stateDirectory: string;
  readonly addresses: readonly string[];
  readonly port: number;
  /** Who answers on port 111: this server, an rpcbind, or nobody. */
  readonly portmap: 'own' | 'rpcbind' | 'none';
  readonly mountCommand: string;
  readonly exports: readonly { readonly path: string; readonly hosts: readonly string[] }[];
  readonly connections: number;
  readonly clients: number;
}

/** One line of `steadfs clients`. */
export interface ClientReport {
  readonly address: string;
  /** Open TCP connections. */
  readonly connections: number;
  /** What the client says it has mounted, and since when (milliseconds since 1970). */
  readonly mounts: readonly { readonly path: string; readonly since: number }[];
}

/** Every address that is connected or says that it has something mounted, in order. */
export function clientReports(peers: readonly Peer[], mounts: readonly Mount[]): ClientReport[] {
  const addresses = new Set([...peers.map(({ address }) => address), ...mounts.map(({ client }) => client)]);
  return [...addresses].sort().map((address) => ({
    address,
    connections: peers.filter((peer) => peer.address === address).length,
    mounts: mounts
      .filter(({ client }) => client === address)
      .map(({ path, since }) => ({ path: path.toString(), since })),
  }));
}
