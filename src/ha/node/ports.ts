import type { PackageConfig } from '../config.ts';
import type { Connection, FromServer, InheritedSocket, ManagedSettings, ToServer, ToWatchdog } from '../protocol.ts';

/**
 * What the node daemon needs of the world. The real ones are put together in `parts.ts`; tests bring their own, so that
 * every order of events can be played through.
 */
export interface NodePorts {
  readonly clock: Clock;
  readonly servers: ServerSpawner;
  readonly network: ServiceNetwork;
  readonly storage: Storage;
  readonly fence: Fence;
  readonly probes: Probes;
  readonly watchdog: Watchdog;
}

export interface Clock {
  /** As `common/monotonic.ts`. */
  monotonic(): number;
  /** Milliseconds since 1970, for people and for other nodes. */
  wall(): number;
  /** Runs `work` once, so many milliseconds from now. @returns what takes it back. */
  after(milliseconds: number, work: () => void): () => void;
}

/** The listening sockets of a package. They belong to the daemon and go on listening when a server process crashes. */
export interface PackageSockets {
  /** `fd` is the daemon's. */
  readonly sockets: readonly InheritedSocket[];
  close(): void;
}

/** A server process. */
export interface ServerChild {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: tells the process from a later one with the same id. */
  readonly startTime: string;
  /** Quietly does nothing if the process is gone. */
  send(message: ToServer): void;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** How it ended, for people. */
  readonly exited: Promise<string>;
}

export interface ServerSpawner {
  /** Starts a process and tells it to `prepare`. The descriptors of `sockets` are passed on to it. */
  spawn(
    settings: Omit<ManagedSettings, 'sockets'>,
    sockets: readonly InheritedSocket[],
    received: (message: FromServer) => void,
  ): ServerChild;
}

/** A service address, and the interface that has it. */
export interface PlacedAddress {
  readonly address: string;
  readonly prefix: number;
  readonly device: string;
}

/** The service network; addresses go by their package's name. What is asked is done one after the other, in the order asked. */
export interface ServiceNetwork {
  /** Listens on the package's addresses, which need not be there. Throws if a port is taken. */
  listen(plan: PackageConfig): PackageSockets;
  /** True if no service interface has a link. */
  readonly isolated: boolean;
  /** Service interfaces, and whether each has a link. */
  links(): Readonly<Record<string, boolean>>;
  /** Puts the addresses up until then (monotonic), and announces them. Rejects if they cannot all be up: then none is. */
  raise(name: string, until: number): Promise<void>;
  /** They may stay for longer. */
  renew(name: string, until: number): Promise<void>;
  /** Takes them away, wherever they are. Rejects if one is still there. */
  lower(name: string): Promise<void>;
  /** Where they are now; empty: not raised. */
  where(name: string): readonly PlacedAddress[];
  /** Wakes the clients of connections that a former server had, until the addresses are lowered. */
  wake(name: string, connections: readonly Connection[]): void;
  /** Takes away service addresses that are not raised here, and puts back raised ones that are gone. */
  reconcile(): Promise<unknown>;
  close(): void;
}

/** Storage that only the active node mounts. */
export interface Storage {
  /** True if something is mounted where it belongs. */
  isMounted(plan: PackageConfig): Promise<boolean>;
  /** Mounts it if that is not done yet. Rejects with what the administrator is to know. */
  mount(plan: PackageConfig): Promise<void>;
  /** Rejects if it stays mounted. */
  unmount(plan: PackageConfig): Promise<void>;
}

export interface Fence {
  /** Puts a node down for certain. Rejects if that is not sure. */
  run(node: string): Promise<void>;
}

export interface Watchdog {
  send(message: ToWatchdog): void;
  close(): Promise<void>;
}

/** Looks at a running server as a client would. */
export interface Probes {
  open(plan: PackageConfig): Probe;
}

export interface Probe {
  /** Asks everything once, each question with a deadline of its own. Never rejects. `roots` as the server gave them. */
  ask(roots: readonly { readonly path: string; readonly handle: string }[]): Promise<ProbeAnswers>;
  close(): void;
}

/** What one question got. */
export type ProbeAnswer =
  /** `status`: the protocol's own, 0 for success. */
  | { readonly kind: 'answer'; readonly status: number; readonly milliseconds: number }
  | { readonly kind: 'silence'; readonly milliseconds: number }
  /** No connection, or it broke. */
  | { readonly kind: 'broken'; readonly reason: string };

export interface ProbeAnswers {
  readonly ping: ProbeAnswer;
  readonly roots: readonly RootAnswer[];
  readonly lock: ProbeAnswer | undefined;
}

export interface RootAnswer {
  readonly path: string;
  readonly attributes: ProbeAnswer;
  /** Bytes that are free for users; undefined if that could not be learned. */
  readonly free: bigint | undefined;
}
