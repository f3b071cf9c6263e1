/**
 * What the node daemon and the server process of a package say to each other, over the process's IPC channel. The daemon
 * starts the process with its listening sockets as descriptors, so that they outlive the process's crash.
 *
 * prepare -> prepared -> (practised ->) activate -> active -> addressed ... licence ... -> release -> released -> exit
 */

/** An address with a port at the other end of a connection, and ours. */
export interface Connection {
  readonly localAddress: string;
  readonly localPort: number;
  readonly address: string;
  readonly port: number;
}

/** A socket that the server process was started with. */
export interface InheritedSocket {
  readonly fd: number;
  readonly transport: 'tcp' | 'udp';
  /** `nfs`: every program. `portmap`: port 111. */
  readonly use: 'nfs' | 'portmap';
  readonly address: string;
  readonly port: number;
}

/** What the server of one package serves by. */
export interface ManagedSettings {
  readonly package: string;
  /** This node's name, and the state's epoch is told by the token at `activate`. */
  readonly node: string;
  /** Folder of the package's state on the shared storage; absolute. Epochs are kept below it. */
  readonly stateDirectory: string;
  /** Folder for the admin socket, local to the node; absolute. */
  readonly runDirectory: string;
  readonly sockets: readonly InheritedSocket[];
  readonly port: number;
  /** The folders, or the exports(5) file, to serve; as in `ServeConfig`. */
  readonly paths: readonly string[];
  readonly options: string;
  readonly allow: readonly string[];
  readonly exportsFile: string | undefined;
  readonly graceSeconds: number;
  readonly setQuota: boolean;
  /** Names that clients may have mounted the package by: goes into SM_NOTIFY beside the addresses. */
  readonly names: readonly string[];
  readonly logLevel: string;
  readonly json: boolean;
}

export type ToServer =
  | { readonly type: 'prepare'; readonly settings: ManagedSettings }
  /** The lease is held: open the state under this epoch, and get ready to answer. */
  | { readonly type: 'activate'; readonly token: number; readonly until: number }
  /** The service addresses are up: who is to be told of something can be told now (SM_NOTIFY). */
  | { readonly type: 'addressed' }
  /** The serving licence lasts until then (`common/monotonic.ts`). */
  | { readonly type: 'licence'; readonly until: number }
  /** Read the exports again. */
  | { readonly type: 'reload' }
  /** Answer what has been asked, flush, and close the state; connections stay as they are until the process exits. */
  | { readonly type: 'release' };

export type FromServer =
  | { readonly type: 'prepared' }
  /** It has gone through an activation on a folder of its own, so that clients wait less for the real one. */
  | { readonly type: 'practised' }
  /** Clients can be answered. `connections` were open when the last holder ended: they are to be woken. */
  | { readonly type: 'active'; readonly connections: readonly Connection[]; readonly milliseconds: number }
  /**
   * The roots of what is exported, `handle` in hex: after `active`, and whenever they changed. The daemon's probes ask for
   * their attributes over TCP, from the service address itself and a port below 1024. That caller may look (read-only,
   * squashed) also where no rule of the exports is for it; a server that refuses it counts as well, its disk as unknown.
   */
  | { readonly type: 'roots'; readonly roots: readonly { readonly path: string; readonly handle: string }[] }
  /** Several times a second: calls finished since the start, calls under way, and for how long the oldest has been, milliseconds. */
  | { readonly type: 'pulse'; readonly finished: number; readonly running: number; readonly oldest: number }
  | { readonly type: 'released' }
  /** It cannot go on; `reason` is for the administrator. The process exits. */
  | { readonly type: 'failed'; readonly reason: string };

/** Sent by the node daemon to its watchdog process; see `node/watchdog.ts`. */
export type ToWatchdog =
  /** This process (pid and its start time, field 22 of /proc/PID/stat) is to be dead, and its addresses gone, once `until` has passed. */
  | {
      readonly type: 'watch';
      readonly package: string;
      readonly pid: number;
      readonly startTime: string;
      readonly until: number;
      readonly addresses: readonly { readonly address: string; readonly prefix: number; readonly device: string }[];
    }
  /** It was ended in order. */
  | { readonly type: 'forget'; readonly package: string };
