import type { LogLevel } from '../common/log.ts';

/** What `steadfs node` runs by; the same file serves on every node. Described for users in docs/configuration.md. */
export interface ClusterConfig {
  /** Tells clusters apart that share a coordinator. */
  readonly cluster: string;
  /** This node's name: one of {@link nodes}. */
  readonly node: string;
  /** Folder of this node's own sockets and files, not shared; absolute. */
  readonly runDirectory: string;
  readonly coordinator: CoordinatorConfig;
  /** How long a lease lasts without renewal, milliseconds. */
  readonly leaseMilliseconds: number;
  readonly nodes: readonly NodeConfig[];
  readonly packages: readonly PackageConfig[];
  /** Where `/health`, `/ready` and `/active/PACKAGE` are answered. */
  readonly http: { readonly host: string; readonly port: number } | undefined;
  readonly restarts: RestartPolicy;
  readonly logLevel: LogLevel;
}

export type CoordinatorConfig =
  /** A folder on storage that all nodes share. */
  { readonly type: 'shared-dir'; readonly path: string } | ({ readonly type: 'etcd' } & EtcdAccess);

export interface EtcdAccess {
  /** `http://` or `https://` with host and port, at least one. */
  readonly endpoints: readonly string[];
  /** PEM files. */
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
  readonly user: string | undefined;
  /** File with the password alone in it; read again at each login. */
  readonly passwordFile: string | undefined;
}

export interface NodeConfig {
  readonly name: string;
  /** Interfaces of the service network, the most wanted first: the next one is used when a link is down. */
  readonly interfaces: readonly string[];
  /** Puts the node down for certain (STONITH); run on another node, must exit 0. */
  readonly fence: readonly string[] | undefined;
}

export interface PackageConfig {
  readonly name: string;
  /** Nodes that may run it, the most wanted first. */
  readonly nodes: readonly string[];
  /** Service addresses, which move with the package. */
  readonly addresses: readonly { readonly address: string; readonly prefix: number }[];
  /** TCP and UDP port of every program. */
  readonly port: number;
  /** Answer port 111 on the service addresses too. */
  readonly portmap: boolean;
  /** Folders to export, with {@link options} to {@link allow}; absolute. */
  readonly paths: readonly string[];
  readonly options: string;
  readonly allow: readonly string[];
  /** exports(5) file; absolute. */
  readonly exportsFile: string | undefined;
  /** Folder for the durable state, on the storage that moves with the package; absolute. */
  readonly stateDirectory: string;
  readonly storage: StorageConfig | undefined;
  readonly failback: 'manual' | 'automatic';
  readonly graceSeconds: number;
  readonly setQuota: boolean;
  /** Names by which clients may mount the package. */
  readonly names: readonly string[];
}

/** A file system that only the active node mounts. */
export interface StorageConfig {
  readonly device: string;
  readonly path: string;
  /** As mount(8) takes it: `ext4`, `xfs`, ... */
  readonly fsType: string;
  readonly options: string;
}

/** A crashed server process is restarted in place so often within the period; after that its package moves. */
export interface RestartPolicy {
  readonly count: number;
  readonly periodMilliseconds: number;
}
