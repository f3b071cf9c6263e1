import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { NodeObserver } from '../ha/observer.ts';
import type { ClusterReport, HistoryKind } from '../ha/report.ts';

const SECONDS_BUCKETS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60];
const SECOND = 1000;

/** The node daemon, as far as it is measured. */
export interface Measured {
  view(): ClusterReport;
  pulse(name: string): { readonly finished: number; readonly running: number; readonly oldest: number } | undefined;
}

/** Prometheus metrics of a node of a cluster: what the daemon knows, what happened to its packages, and its servers' work. */
export class NodeMetrics implements NodeObserver {
  private readonly registry = new Registry();
  private measured: Measured | undefined;
  private readonly seconds = new Histogram({
    name: 'steadfs_package_served_seconds',
    help: 'From the decision to take a package, or the end of its server process, until clients were served here',
    labelNames: ['package', 'kind'],
    buckets: SECONDS_BUCKETS,
    registers: [this.registry],
  });
  private readonly crashes = new Counter({
    name: 'steadfs_server_crashes_total',
    help: 'Server processes that ended without being asked to, or could not be started again',
    labelNames: ['package'],
    registers: [this.registry],
  });
  private readonly renewals = new Counter({
    name: 'steadfs_lease_renewals_total',
    help: 'Renewals of leases that this node holds',
    labelNames: ['package', 'result'],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.gaugeOfNodes('steadfs_node_alive', 'Whether a node is seen to live', ({ alive }) => alive);
    this.gaugeOfNodes('steadfs_node_drained', 'Whether a node is drained', ({ drained }) => drained);
    this.gauge('steadfs_coordinator_age_seconds', 'Since the coordinator was heard last', [], ({ age }) =>
      age === undefined ? [] : [[{}, age / SECOND]],
    );
    this.gauge('steadfs_link_up', "Whether this node's interface has a link", ['interface'], ({ node, nodes }) => {
      const links = nodes.find(({ name }) => name === node)?.links ?? {};
      return Object.entries(links).map(([name, isUp]) => [{ interface: name }, Number(isUp)]);
    });
    this.gaugesOfPackages();
    this.gaugesOfServers();
  }

  watch(measured: Measured): void {
    this.measured = measured;
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  served(name: string, kind: HistoryKind, milliseconds: number): void {
    this.seconds.observe({ package: name, kind }, milliseconds / SECOND);
  }

  crashed(name: string): void {
    this.crashes.inc({ package: name });
  }

  renewed(name: string, isDone: boolean): void {
    this.renewals.inc({ package: name, result: isDone ? 'done' : 'failed' });
  }

  private gaugesOfPackages(): void {
    const ofPackages = (
      name: string,
      help: string,
      value: (item: ClusterReport['packages'][number], node: string) => number | boolean | undefined,
    ) =>
      this.gauge(name, help, ['package'], ({ node, packages }) =>
        packages.flatMap((item) => {
          const found = value(item, node);
          return found === undefined ? [] : [[{ package: item.name }, Number(found)] as const];
        }),
      );
    ofPackages(
      'steadfs_package_active',
      'Whether this node serves the package',
      ({ states }, node) => states[node]?.phase === 'active',
    );
    ofPackages(
      'steadfs_package_problem',
      'Whether something is wrong with the package on this node',
      ({ states }, node) => states[node]?.problem !== undefined,
    );
    ofPackages('steadfs_package_maintenance', 'Whether it is in maintenance', ({ maintenance }) => maintenance);
    ofPackages(
      'steadfs_package_lease_held',
      'Whether any node holds its lease',
      ({ lease }) => lease?.state === 'held',
    );
    ofPackages(
      'steadfs_package_lease_age_seconds',
      'Since a renewal of its lease, by whomever, was seen from here',
      ({ lease }) => lease && lease.age / SECOND,
    );
  }

  private gaugesOfServers(): void {
    const ofServers = (name: string, help: string, key: 'finished' | 'running' | 'oldest', unit = 1) =>
      this.gauge(name, help, ['package'], ({ packages }) =>
        packages.flatMap((item) => {
          const pulse = this.measured?.pulse(item.name);
          return pulse === undefined ? [] : [[{ package: item.name }, pulse[key] / unit]];
        }),
      );
    ofServers('steadfs_server_calls_finished', 'Calls that the server process has ended since its start', 'finished');
    ofServers('steadfs_server_calls_running', 'Calls under way', 'running');
    ofServers('steadfs_server_oldest_call_seconds', 'For how long the oldest of them has been', 'oldest', SECOND);
  }

  private gaugeOfNodes(name: string, help: string, value: (node: ClusterReport['nodes'][number]) => boolean): void {
    this.gauge(name, help, ['node'], ({ nodes }) => nodes.map((node) => [{ node: node.name }, Number(value(node))]));
  }

  private gauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    values: (report: ClusterReport) => readonly (readonly [Record<string, string>, number])[],
  ): void {
    const metrics = this;
    new Gauge({
      ...{ name, help, labelNames: [...labelNames], registers: [this.registry] },
      collect() {
        this.reset();
        // One without labels is set to 0 by that, and not as if it had no value.
        if (labelNames.length === 0) this.remove();
        if (metrics.measured === undefined) return;
        for (const [labels, value] of values(metrics.measured.view())) this.set(labels, value);
      },
    });
  }
}
