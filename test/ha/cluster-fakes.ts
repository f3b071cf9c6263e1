import type { ClusterOrder, ClusterPort } from '../../src/ha/cluster-port.ts';
import type { Lease } from '../../src/ha/coordinator/contract.ts';
import type { PublishedPackage } from '../../src/ha/decide/snapshot.ts';
import type { ClusterReport, HistoryEntry, NodeReport, PackageReport } from '../../src/ha/report.ts';

export const NOW = Date.UTC(2030, 0, 2, 3, 4, 5);

export function stateOf(phase: PublishedPackage['phase'], problem?: string): PublishedPackage {
  return { phase, since: NOW, problem, barredUntil: 0, mounted: false };
}

export function leaseOf(name: string, holder: string, state: Lease['state'] = 'held'): Lease {
  return { package: name, holder, token: 7, state, age: 400, successor: undefined };
}

export function nodeOf(name: string, more: Partial<NodeReport> = {}): NodeReport {
  const links = { eth0: true };
  return { name, alive: true, age: 100, drained: false, leaving: false, isolated: false, links, ...more };
}

/** A package that node a serves. */
export function packageOf(name: string, more: Partial<PackageReport> = {}): PackageReport {
  return {
    name,
    nodes: ['a', 'b'],
    addresses: ['10.0.0.50/24'],
    active: 'a',
    lease: leaseOf(name, 'a'),
    maintenance: false,
    move: undefined,
    states: { a: stateOf('active'), b: stateOf('idle') },
    action: 'keep',
    reason: `a serves ${name}`,
    ...more,
  };
}

/** A cluster of a, b and c as a sees it, with one package. */
export function reportOf(more: Partial<ClusterReport> = {}): ClusterReport {
  return {
    cluster: 'files',
    node: 'a',
    version: '1.2.3',
    at: NOW,
    leaseMilliseconds: 3000,
    age: 100,
    nodes: [nodeOf('a'), nodeOf('b'), nodeOf('c')],
    packages: [packageOf('data')],
    history: [],
    ...more,
  };
}

export function entryOf(more: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    ...{ at: NOW, package: 'data', from: 'a', to: 'b', kind: 'move', reason: 'data moves from a to b, as ordered' },
    ...{ milliseconds: 640, order: 'order', done: true },
    ...more,
  };
}

/** A node daemon that says what it was told to say, and remembers what it was ordered. */
export class FakeCluster implements ClusterPort {
  report: ClusterReport;
  readonly orders: ClusterOrder[] = [];
  /** What an order does; the report afterwards, or what it fails with. */
  effect: (order: ClusterOrder) => ClusterReport | Error;

  constructor(report: ClusterReport = reportOf()) {
    this.report = report;
    this.effect = () => this.report;
  }

  view(): ClusterReport {
    return this.report;
  }

  async order(order: ClusterOrder): Promise<string | undefined> {
    this.orders.push(order);
    const after = this.effect(order);
    if (after instanceof Error) throw after;
    this.report = after;
    return order.do === 'move' ? 'order' : undefined;
  }
}
