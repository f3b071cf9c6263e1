import type { ClusterConfig, PackageConfig } from '../config.ts';
import type { ClusterView, Lease } from '../coordinator/contract.ts';
import type {
  Decision,
  NodeOrders,
  NodeSnapshot,
  PackageOrders,
  PackageSnapshot,
  PublishedStatus,
  Snapshot,
} from '../decide/snapshot.ts';
import type { ClusterReport, HistoryEntry, NodeReport, PackageReport } from '../report.ts';
import { NO_ORDERS, type Orders, parseStatus } from './documents.ts';
import type { Clock } from './ports.ts';

const NOT_ORDERED: PackageOrders = { maintenance: false, move: undefined };
const NOT_DRAINED: NodeOrders = { drained: false };

/** What this node's daemon knows of its own, for a snapshot. */
export interface Own {
  readonly status: PublishedStatus;
  granted(name: string): boolean;
  /** The token under which the package's holder was fenced. */
  fencedToken(name: string): number | undefined;
}

/** What is known of the cluster, and since when. */
export class Knowledge {
  orders: Orders = NO_ORDERS;
  history: readonly HistoryEntry[] = [];
  private readonly config: ClusterConfig;
  private readonly clock: Clock;
  private readonly version: string;
  private view: ClusterView | undefined;
  private heardAt = Number.NEGATIVE_INFINITY;
  /** Since when the coordinator has answered without a break of a lease time. */
  private joinedAt = 0;
  /** When something was first seen to be as it is, by its name and value; monotonic. */
  private readonly firsts = new Map<string, { readonly value: string; readonly at: number }>();
  private decisions: ReadonlyMap<string, Decision> = new Map();

  constructor(config: ClusterConfig, clock: Clock, version: string) {
    this.config = config;
    this.clock = clock;
    this.version = version;
  }

  learned(view: ClusterView): void {
    const now = this.clock.monotonic();
    // Who was not heard for so long knows no better than after a start who else is well.
    if (now - this.heardAt > this.config.leaseMilliseconds) this.joinedAt = now;
    this.view = view;
    this.heardAt = now;
  }

  decided(decisions: readonly Decision[]): void {
    this.decisions = new Map(decisions.map((decision) => [decision.package, decision]));
  }

  lease(name: string): Lease | undefined {
    return this.view?.leases.get(name);
  }

  ordersFor(name: string): PackageOrders {
    const orders = this.orders.packages[name];
    if (orders?.move === undefined) return orders ?? NOT_ORDERED;
    const { id } = orders.move;
    return this.history.some(({ order }) => order === id) ? { ...orders, move: undefined } : orders;
  }

  snapshot(own: Own): Snapshot {
    return {
      self: this.config.node,
      now: this.clock.wall(),
      leaseMilliseconds: this.config.leaseMilliseconds,
      nodes: new Map(this.config.nodes.map(({ name }) => [name, this.nodeSnapshot(name, own)])),
      packages: this.config.packages.map((plan) => this.packageSnapshot(plan, own)),
    };
  }

  report(own: Own): ClusterReport {
    return {
      cluster: this.config.cluster,
      node: this.config.node,
      version: this.version,
      at: this.clock.wall(),
      leaseMilliseconds: this.config.leaseMilliseconds,
      age: this.view === undefined ? undefined : this.clock.monotonic() - this.heardAt,
      nodes: this.config.nodes.map(({ name }) => this.nodeReport(this.nodeSnapshot(name, own))),
      packages: this.config.packages.map((plan) => this.packageReport(plan, own)),
      history: this.history,
    };
  }

  private nodeSnapshot(name: string, own: Own): NodeSnapshot {
    const isSelf = name === this.config.node;
    const known = this.view?.nodes.get(name);
    const alive = isSelf || known?.alive === true;
    const orders = this.orders.nodes[name] ?? NOT_DRAINED;
    const aliveOrNot = isSelf ? this.clock.monotonic() - this.joinedAt : this.since(`alive ${name}`, alive);
    return {
      name,
      alive,
      aliveFor: alive ? aliveOrNot : 0,
      status: isSelf ? own.status : parseStatus(known?.status),
      orders,
      orderedFor: this.since(`node ${name}`, orders),
    };
  }

  private packageSnapshot(plan: PackageConfig, own: Own): PackageSnapshot {
    const { name } = plan;
    const lease = this.lease(name);
    const orders = this.ordersFor(name);
    const moves = this.history.filter(
      (entry) => entry.package === name && entry.done && entry.from !== undefined && entry.to !== entry.from,
    );
    const isFenced = (node: string) => this.config.nodes.find((each) => each.name === node)?.fence !== undefined;
    return {
      plan: {
        name,
        nodes: plan.nodes,
        failback: plan.failback,
        fenced: lease === undefined ? plan.nodes.some(isFenced) : isFenced(lease.holder),
      },
      lease,
      granted: own.granted(name),
      orders,
      orderedFor: this.since(`package ${name}`, orders),
      fencedHolder: lease !== undefined && own.fencedToken(name) === lease.token,
      recentMoves: moves.map(({ at }) => at),
      lastFailback: moves.findLast(({ kind }) => kind === 'failback')?.at ?? 0,
    };
  }

  private nodeReport({ name, alive, status, orders }: NodeSnapshot): NodeReport {
    return {
      name,
      alive,
      age: name === this.config.node ? 0 : this.view?.nodes.get(name)?.age,
      drained: orders.drained,
      leaving: status?.leaving ?? false,
      isolated: status?.isolated ?? false,
      links: status?.links ?? {},
    };
  }

  private packageReport(plan: PackageConfig, own: Own): PackageReport {
    const { name, nodes, addresses } = plan;
    const lease = this.lease(name);
    const { maintenance, move } = this.ordersFor(name);
    const living = this.config.nodes.map((node) => this.nodeSnapshot(node.name, own)).filter(({ alive }) => alive);
    const states = living.flatMap((node) => {
      const state = node.status?.packages[name];
      return state === undefined ? [] : [[node.name, state] as const];
    });
    const decision = this.decisions.get(name);
    return {
      name,
      nodes,
      addresses: addresses.map(({ address, prefix }) => `${address}/${prefix}`),
      active: states.find(([, { phase }]) => phase === 'active')?.[0],
      lease,
      maintenance,
      move,
      states: Object.fromEntries(states),
      action: decision?.action.do ?? 'nothing',
      reason: decision?.reason ?? 'nothing has been decided yet',
    };
  }

  /** For how long something has had this value, milliseconds. */
  private since(what: string, value: unknown): number {
    const text = JSON.stringify(value);
    const now = this.clock.monotonic();
    const first = this.firsts.get(what);
    if (first?.value === text) return now - first.at;
    this.firsts.set(what, { value: text, at: now });
    return 0;
  }
}
