/**
 * What the nodes of a cluster agree through. Every implementation passes `test/ha/coordinator/suite.ts`.
 *
 * A lease gives one node the right to run one package. It is held until it is released, or until its holder has not
 * renewed it for the cluster's lease time. At no moment may two nodes believe that they hold it: a holder's belief ends
 * (by its own clock, counted from before its last renewal was sent) before anybody else can acquire it.
 */
export interface Coordinator {
  /** This node's name. */
  readonly node: string;
  /** How long a lease lasts without being renewed. */
  readonly leaseMilliseconds: number;

  /** Everything as it is now. Rejects with {@link CoordinatorLost} if that cannot be learned in time. */
  snapshot(): Promise<ClusterView>;

  /**
   * Takes a package's lease if it is free or has expired. Undefined: somebody else has it, or may still have it. Safe to
   * call at any time and from any number of nodes at once. Rejects with {@link CoordinatorLost}.
   */
  acquire(name: string): Promise<Grant | undefined>;

  /** Holds on to a lease for another lease time. Rejects with {@link LeaseLost} (for good) or {@link CoordinatorLost} (try again). */
  renew(grant: Grant): Promise<Grant>;

  /**
   * Gives a lease up, so that it can be acquired at once. With a `successor`, that node alone may acquire it, until a
   * lease time has passed. Idempotent; a lease that is lost already is nothing to give up.
   */
  release(grant: Grant, successor?: string): Promise<void>;

  /** Tells the others about this node: any JSON value, which replaces the last one. Also says that this node is alive. */
  publish(status: unknown): Promise<void>;

  /** A small JSON document that all nodes share (orders, history), or undefined. */
  read(key: string): Promise<Document | undefined>;

  /** Writes a document if its version is still `expected` (0: there is none yet). False: somebody was faster; read again. */
  write(key: string, value: unknown, expected: number): Promise<boolean>;

  /** Lets go of what is open. Leases that are held run out. */
  close(): Promise<void>;
}

/** The right to run a package. */
export interface Grant {
  readonly package: string;
  /** The fencing token: grows with each acquisition of this package's lease, by whomever. */
  readonly token: number;
  /** Until when the right surely lasts, on this host's monotonic clock (`common/monotonic.ts`), milliseconds; a margin is taken off. */
  readonly until: number;
}

export interface Lease {
  readonly package: string;
  /** Who holds it, or held it last. */
  readonly holder: string;
  readonly token: number;
  /** `held`: may be in use. `released`: given up in order. `expired`: its holder has not renewed it for a lease time. */
  readonly state: 'held' | 'released' | 'expired';
  /** Milliseconds since a renewal was seen from here. */
  readonly age: number;
  /** Whom a released lease was left to. */
  readonly successor: string | undefined;
}

export interface NodeStatus {
  readonly node: string;
  /** What it published last. */
  readonly status: unknown;
  /** Milliseconds since it was seen to publish, by our clock. */
  readonly age: number;
  /** True if it has published within the lease time. */
  readonly alive: boolean;
}

export interface ClusterView {
  /** By package; a package that was never held has none. */
  readonly leases: ReadonlyMap<string, Lease>;
  /** By name; every node that has ever published. */
  readonly nodes: ReadonlyMap<string, NodeStatus>;
}

export interface Document {
  readonly value: unknown;
  /** 1 or more; another one after each write. */
  readonly version: number;
}

/** Another node has the lease, or could have it. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** The coordinator does not answer (in time). What is held may be used until its grant ends, and no longer. */
export class CoordinatorLost extends Error {
  override readonly name = 'CoordinatorLost';
}
