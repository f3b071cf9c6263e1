import { type MonotonicClock, monotonic } from '../../common/monotonic.ts';
import {
  type ClusterView,
  type Coordinator,
  CoordinatorLost,
  type Document,
  type Grant,
  type Lease,
  LeaseLost,
  type NodeStatus,
} from './contract.ts';
import { marginOf } from './timing.ts';

/** `both`: requests of that node do not arrive. `replies`: they do, but their answers are lost. `off`: all is well. */
export type Partition = 'off' | 'both' | 'replies';

interface HeldLease {
  readonly holder: string;
  /** A node that starts again does not hold what it held. */
  readonly by: Coordinator;
  readonly token: number;
  readonly renewedAt: number;
  readonly released: boolean;
  readonly successor: string | undefined;
}

/** Nodes that agree within one process, by one clock: for tests. */
export class MemoryCluster {
  readonly leaseMilliseconds: number;
  readonly now: MonotonicClock;
  readonly leases = new Map<string, HeldLease>();
  readonly statuses = new Map<string, { readonly status: string; readonly at: number }>();
  readonly documents = new Map<string, { readonly json: string; readonly version: number }>();
  private readonly partitions = new Map<string, Partition>();

  constructor(leaseMilliseconds: number, now: MonotonicClock = monotonic) {
    this.leaseMilliseconds = leaseMilliseconds;
    this.now = now;
  }

  /** A coordinator for a node that starts. */
  join(node: string): Coordinator {
    return new MemoryCoordinator(this, node);
  }

  /** Cuts a node off, or connects it again. Its calls reject at once, without waiting for a deadline. */
  partition(node: string, partition: Partition): void {
    this.partitions.set(node, partition);
  }

  partitionOf(node: string): Partition {
    return this.partitions.get(node) ?? 'off';
  }
}

class MemoryCoordinator implements Coordinator {
  readonly node: string;
  readonly leaseMilliseconds: number;
  private readonly cluster: MemoryCluster;
  private closed = false;

  constructor(cluster: MemoryCluster, node: string) {
    this.cluster = cluster;
    this.node = node;
    this.leaseMilliseconds = cluster.leaseMilliseconds;
  }

  snapshot(): Promise<ClusterView> {
    return this.ask(() => {
      const { leases, statuses } = this.cluster;
      return {
        leases: new Map([...leases.keys()].sort().map((name) => [name, this.leaseOf(name)!])),
        nodes: new Map([...statuses.keys()].sort().map((name) => [name, this.statusOf(name)])),
      };
    });
  }

  acquire(name: string): Promise<Grant | undefined> {
    const asked = this.cluster.now();
    return this.ask(() => {
      const last = this.leaseOf(name);
      if (last?.state === 'held') return undefined;
      const reserved = last?.successor !== undefined && last.age < this.leaseMilliseconds;
      if (reserved && last.successor !== this.node) return undefined;
      const token = (last?.token ?? 0) + 1;
      this.keep(name, token, false, undefined);
      return this.grant(name, token, asked);
    });
  }

  renew(grant: Grant): Promise<Grant> {
    const asked = this.cluster.now();
    return this.ask(() => {
      if (!this.holds(grant)) throw new LeaseLost(`${grant.package}: the lease with token ${grant.token} is gone`);
      this.keep(grant.package, grant.token, false, undefined);
      return this.grant(grant.package, grant.token, asked);
    });
  }

  release(grant: Grant, successor?: string): Promise<void> {
    return this.ask(() => {
      if (this.holds(grant)) this.keep(grant.package, grant.token, true, successor);
    });
  }

  publish(status: unknown): Promise<void> {
    return this.ask(() => {
      this.cluster.statuses.set(this.node, { status: JSON.stringify(status), at: this.cluster.now() });
    });
  }

  read(key: string): Promise<Document | undefined> {
    return this.ask(() => {
      const document = this.cluster.documents.get(key);
      return document && { value: JSON.parse(document.json), version: document.version };
    });
  }

  write(key: string, value: unknown, expected: number): Promise<boolean> {
    return this.ask(() => {
      const version = this.cluster.documents.get(key)?.version ?? 0;
      if (version !== expected) return false;
      this.cluster.documents.set(key, { json: JSON.stringify(value), version: version + 1 });
      return true;
    });
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  private async ask<T>(answer: () => T): Promise<T> {
    // A call takes at least a turn, as with any other coordinator.
    await undefined;
    const partition = this.cluster.partitionOf(this.node);
    if (this.closed || partition === 'both') throw new CoordinatorLost(`${this.node} is cut off`);
    const answered = answer();
    if (partition === 'replies') throw new CoordinatorLost(`${this.node} gets no answers`);
    return answered;
  }

  private leaseOf(name: string): Lease | undefined {
    const lease = this.cluster.leases.get(name);
    if (lease === undefined) return undefined;
    const age = this.cluster.now() - lease.renewedAt;
    const state = lease.released ? 'released' : age >= this.leaseMilliseconds ? 'expired' : 'held';
    return { package: name, holder: lease.holder, token: lease.token, state, age, successor: lease.successor };
  }

  private statusOf(node: string): NodeStatus {
    const { status, at } = this.cluster.statuses.get(node)!;
    const age = this.cluster.now() - at;
    return { node, status: JSON.parse(status), age, alive: age < this.leaseMilliseconds };
  }

  private holds(grant: Grant): boolean {
    const lease = this.cluster.leases.get(grant.package);
    return lease?.by === this && lease.token === grant.token && !lease.released;
  }

  private keep(name: string, token: number, released: boolean, successor: string | undefined): void {
    const now = this.cluster.now();
    this.cluster.leases.set(name, { holder: this.node, by: this, token, renewedAt: now, released, successor });
  }

  private grant(name: string, token: number, asked: number): Grant {
    return { package: name, token, until: asked + this.leaseMilliseconds - marginOf(this.leaseMilliseconds) };
  }
}
