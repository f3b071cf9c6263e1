import type { Lease } from '../coordinator/contract.ts';
import type { HistoryKind } from '../report.ts';

/** What a node tells the others about itself, as `Coordinator.publish` carries it. */
export interface PublishedStatus {
  /** Version of this shape. */
  readonly format: 1;
  /** Another value for each start of the node daemon. */
  readonly incarnation: string;
  /** Wall clock, milliseconds, for people to read. */
  readonly at: number;
  /** True if no service interface has a link: the node cannot serve. */
  readonly isolated: boolean;
  /** Service interfaces, and whether each has a link. */
  readonly links: Readonly<Record<string, boolean>>;
  /** True while the node daemon is being stopped: its packages go elsewhere. */
  readonly leaving: boolean;
  readonly packages: Readonly<Record<string, PublishedPackage>>;
}

export interface PublishedPackage {
  /**
   * `idle`: nothing runs here. `preparing`/`ready`: a server process is being / is up to its listening sockets and waits
   * for the lease. `starting`: the lease is held and the server takes up the state. `active`: clients are served.
   * `releasing`: being let go of. `failed`: could not be started or kept here; see `problem`.
   */
  readonly phase: 'idle' | 'preparing' | 'ready' | 'starting' | 'active' | 'releasing' | 'failed';
  /** Wall clock of the phase's begin, milliseconds. */
  readonly since: number;
  /** What is wrong, for people. */
  readonly problem: string | undefined;
  /** Until when this node does not want the package after failures, wall clock in milliseconds; 0 if it may come. */
  readonly barredUntil: number;
  /** True if the package's own storage may be mounted on this node. */
  readonly mounted: boolean;
}

/** What an administrator asked for, for one package; kept as a document that all nodes share. */
export interface PackageOrders {
  readonly maintenance: boolean;
  /** Undefined also once its id is in the package's history: done, or given up. */
  readonly move: MoveOrder | undefined;
}

export interface MoveOrder {
  readonly id: string;
  /** Where to; undefined: anywhere else. */
  readonly node: string | undefined;
  /** Who held the package when the order was given; undefined if nobody did. Another holder means that it was carried out or overtaken. */
  readonly from: string | undefined;
  /** Wall clock of the order, milliseconds. */
  readonly at: number;
}

/** Orders for nodes. */
export interface NodeOrders {
  readonly drained: boolean;
}

/** A package as the configuration has it, as far as decisions go. */
export interface PackagePlan {
  readonly name: string;
  /** Nodes that may run it, the most wanted first. */
  readonly nodes: readonly string[];
  /** `automatic`: goes back to a more wanted node once that has been well for a while. `manual`: stays. */
  readonly failback: 'manual' | 'automatic';
  /** True if an expired lease needs the `fence` command's success before anybody else takes the package. */
  readonly fenced: boolean;
}

export interface NodePlan {
  readonly name: string;
}

export interface NodeSnapshot {
  readonly name: string;
  /** Publishes, and within the lease time. */
  readonly alive: boolean;
  /**
   * How long it has been alive without a break as seen from here, milliseconds. Of this node itself: for how long its
   * coordinator has answered without a break of a lease time.
   */
  readonly aliveFor: number;
  /** What it published last; of this node itself, what holds now. */
  readonly status: PublishedStatus | undefined;
  readonly orders: NodeOrders;
  /** How long {@link orders} have been as they are, seen from here by a clock that is never set, milliseconds. */
  readonly orderedFor: number;
}

export interface PackageSnapshot {
  readonly plan: PackagePlan;
  readonly lease: Lease | undefined;
  /** True if this run of this node's daemon holds the lease; a lease in this node's name alone may be an earlier run's. */
  readonly granted: boolean;
  readonly orders: PackageOrders;
  /** How long {@link orders} have been as they are, seen from here by a clock that is never set, milliseconds. */
  readonly orderedFor: number;
  /** True if the fence command has put the holder down since the lease's current token was given out. */
  readonly fencedHolder: boolean;
  /** When it went from one node to another (takeovers and failbacks too), newest last: wall clock in milliseconds. */
  readonly recentMoves: readonly number[];
  /** When it last went back to the node that wants it most by itself, wall clock in milliseconds; 0: not known to have. */
  readonly lastFailback: number;
}

/** All that a decision is made from. Immutable; made once a tick. */
export interface Snapshot {
  readonly self: string;
  /** Wall clock, milliseconds. */
  readonly now: number;
  readonly leaseMilliseconds: number;
  readonly nodes: ReadonlyMap<string, NodeSnapshot>;
  readonly packages: readonly PackageSnapshot[];
}

/** What this node is to do about one package now; doing it twice does no harm. */
export type Action =
  /** Start a server process up to its listening sockets. */
  | { readonly do: 'prepare' }
  /** End a prepared process that is not needed. */
  | { readonly do: 'stand down' }
  /** Run the fence command against the node that held the lease. */
  | { readonly do: 'fence'; readonly node: string }
  /** Acquire the lease, and serve. `kind` and `order` (a move order's id) go into the history. */
  | { readonly do: 'take'; readonly kind: HistoryKind; readonly order: string | undefined }
  /** Hold on, and serve. */
  | { readonly do: 'keep' }
  /** Let go, in order, and leave the lease to `successor`. */
  | { readonly do: 'release'; readonly successor: string | undefined }
  /** Leave everything as it is. */
  | { readonly do: 'nothing' };

export interface Decision {
  readonly package: string;
  readonly action: Action;
  /** One sentence that says why, for people: `steadfs cluster status` shows it. */
  readonly reason: string;
  /** A move order that is over, for the history: carried out, or given up for {@link reason}. */
  readonly settle: { readonly id: string; readonly done: boolean } | undefined;
}
