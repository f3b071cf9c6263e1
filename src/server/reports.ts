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
  readonly locks: number;
}

/** One line of `steadfs clients`. */
export interface ClientReport {
  readonly address: string;
  /** Open TCP connections. */
  readonly connections: number;
  /** Locks held. */
  readonly locks: number;
  /** What the client says it has mounted, and since when (milliseconds since 1970). */
  readonly mounts: readonly { readonly path: string; readonly since: number }[];
}

/** Every address that is connected, says that it has something mounted, or holds a lock (once for each lock), in order. */
export function clientReports(
  peers: readonly Peer[],
  mounts: readonly Mount[],
  lockHolders: readonly string[],
): ClientReport[] {
  const addresses = new Set([
    ...peers.map(({ address }) => address),
    ...mounts.map(({ client }) => client),
    ...lockHolders,
  ]);
  return [...addresses].sort().map((address) => ({
    address,
    connections: peers.filter((peer) => peer.address === address).length,
    locks: lockHolders.filter((holder) => holder === address).length,
    mounts: mounts
      .filter(({ client }) => client === address)
      .map(({ path, since }) => ({ path: path.toString(), since })),
  }));
}

/** One line of `steadfs locks`: what is held, or waited for. A share is of all bytes. */
export interface LockReport {
  readonly kind: 'held' | 'waits' | 'share';
  /** Of a share: what its owner does, and what others may not: 1 read, 2 write, 3 both, 0 neither. */
  readonly access?: number;
  readonly denies?: number;
  /** Names the owner in `steadfs locks release --owner`. */
  readonly owner: string;
  /** What the client calls itself. */
  readonly client: string;
  readonly address: string;
  /** The process on the client, as the client numbers it. */
  readonly svid: number;
  /** Inode number of the file; undefined while its export is not mounted. */
  readonly fileid: string | undefined;
  readonly exclusive: boolean;
  /** First byte, and the one behind the last; undefined: to the end of the file, however long it gets. */
  readonly start: string;
  readonly end: string | undefined;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** `steadfs locks`. */
export interface LocksReport {
  readonly locks: readonly LockReport[];
  /** True while clients reclaim what they held before locks were lost. */
  readonly grace: boolean;
}
