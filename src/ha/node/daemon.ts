import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from '../../common/log.ts';
import type { ClusterOrder, ClusterPort } from '../cluster-port.ts';
import type { ClusterConfig, PackageConfig } from '../config.ts';
import { type Coordinator, CoordinatorLost } from '../coordinator/contract.ts';
import { decide } from '../decide/decide.ts';
import type { Decision, PublishedStatus } from '../decide/snapshot.ts';
import { type NodeObserver, observed } from '../observer.ts';
import type { ManagedSettings } from '../protocol.ts';
import type { ClusterReport } from '../report.ts';
import { change, HISTORY, NO_ORDERS, ORDERS, parseHistory, parseOrders, withOrder } from './documents.ts';
import { HistoryWriter } from './history.ts';
import { Knowledge, type Own } from './knowledge.ts';
import { Loop } from './loop.ts';
import type { Pulse } from './managed-server.ts';
import { pause } from './operation.ts';
import { hostParts, type NodeParts } from './parts.ts';
import type { NodePorts } from './ports.ts';
import { PackageRunner, type Served } from './runner.ts';

/** Milliseconds between two looks at the cluster: while a package is about to come here and clients wait for that... */
const EAGER_TICK = 20;
/** ...for so long at most, as it may not come... */
const EAGER_FOR = 10_000;
/** ...while something moves or is suspicious, and otherwise. */
const BUSY_TICK = 100;
const CALM_TICK = 250;
const PUBLISH_INTERVAL = 400;
const RECONCILE_INTERVAL = 500;
/** History is written seldom, and read so often. */
const HISTORY_INTERVAL = 1000;
/** When the daemon is stopped, packages get so long to find another node that is ready for them. */
const LEAVE_DEADLINE = 15_000;
const LEAVE_POLL = 20;

const { version: VERSION } = createRequire(import.meta.url)('#package') as { version: string };

/** The node's part in the cluster: `steadfs node`. */
export class NodeDaemon implements ClusterPort {
  private readonly config: ClusterConfig;
  private readonly log: Logger;
  private readonly coordinator: Coordinator;
  private readonly ports: NodePorts;
  private readonly observer: NodeObserver | undefined;
  private readonly knowledge: Knowledge;
  private readonly runners: ReadonlyMap<string, PackageRunner>;
  private readonly incarnation = randomUUID();
  private readonly loops: { readonly tick: Loop; readonly publish: Loop; readonly reconcile: Loop };
  private readonly history: HistoryWriter;
  private readonly reasons = new Map<string, string>();
  /** Packages that are to come here, and since when this node is ready for them; monotonic. */
  private readonly expected = new Map<string, number>();
  private historyReadAt = Number.NEGATIVE_INFINITY;
  private isCutOff = false;
  private leaving = false;
  private hurry = false;
  private closed: Promise<void> | undefined;

  private constructor(config: ClusterConfig, log: Logger, { coordinator, ports, json, observer }: NodeParts) {
    this.config = config;
    this.log = log;
    this.coordinator = observer === undefined ? coordinator : observed(coordinator, observer);
    this.ports = ports;
    this.observer = observer;
    this.knowledge = new Knowledge(config, ports.clock, VERSION);
    this.history = new HistoryWriter(this.coordinator, ports.clock);
    this.runners = new Map(config.packages.map((plan) => [plan.name, this.runnerOf(plan, json)]));
    this.loops = {
      tick: new Loop(
        ports.clock,
        () => this.tick(),
        () => this.untilNextTick,
      ),
      publish: new Loop(
        ports.clock,
        () => this.publish(),
        () => PUBLISH_INTERVAL,
      ),
      reconcile: new Loop(
        ports.clock,
        () => this.reconcile(),
        () => RECONCILE_INTERVAL,
      ),
    };
  }

  /** Joins the cluster. What an earlier run left on this node's interfaces is taken away first. */
  static async start(config: ClusterConfig, log: Logger, parts?: NodeParts): Promise<NodeDaemon> {
    const daemon = new NodeDaemon(config, log, parts ?? (await hostParts(config, log)));
    await daemon.reconcile();
    await Promise.all([...daemon.runners.values()].map((runner) => runner.lookForLeftovers()));
    daemon.loops.publish.soon();
    daemon.loops.tick.soon();
    daemon.loops.reconcile.soon();
    log.info({ node: config.node, cluster: config.cluster }, `node ${config.node} of cluster ${config.cluster} runs`);
    return daemon;
  }

  view(): ClusterReport {
    return this.knowledge.report(this.own);
  }

  /** What the server process of a package on this node said of its work last. */
  pulse(name: string): Pulse | undefined {
    return this.runners.get(name)?.pulse;
  }

  async order(order: ClusterOrder): Promise<string | undefined> {
    const id = order.do === 'move' ? randomUUID().slice(0, 8) : undefined;
    const orders = await change(this.coordinator, ORDERS, parseOrders, (before) => {
      if (order.do !== 'move' || id === undefined) return withOrder(before, order, undefined);
      const lease = this.knowledge.lease(order.package);
      const from = lease?.state === 'held' ? lease.holder : undefined;
      return withOrder(before, order, { id, node: order.node, from, at: this.ports.clock.wall() });
    });
    this.log.info({ order }, `ordered: ${Object.values(order).join(' ')}`);
    this.knowledge.orders = orders;
    this.loops.tick.soon();
    return id;
  }

  /** Has the servers read their exports again, and says which other changes wait for a restart. */
  reload(config: ClusterConfig): void {
    for (const runner of this.runners.values()) runner.reload();
    for (const what of differences(this.config, config)) {
      this.log.warn({}, `changed in the configuration, but only in force when the node is started again: ${what}`);
    }
    this.log.info({}, 'exports are read again');
  }

  /** Moves every package to another node, if there is one, and ends. Called again, it waits for no other node any more. */
  close(): Promise<void> {
    this.hurry = this.closed !== undefined;
    this.closed ??= this.shutDown();
    return this.closed;
  }

  private async shutDown(): Promise<void> {
    this.leaving = true;
    this.loops.publish.soon();
    this.loops.tick.soon();
    const { clock } = this.ports;
    const deadline = clock.monotonic() + LEAVE_DEADLINE;
    const holding = () => [...this.runners.values()].some((runner) => runner.granted || runner.isBusy);
    while (holding() && !this.isCutOff && !this.hurry && clock.monotonic() < deadline) await pause(clock, LEAVE_POLL);
    await this.loops.tick.stop();
    await Promise.all([...this.runners.values()].map((runner) => runner.close()));
    await this.loops.reconcile.stop();
    await this.loops.publish.stop();
    await this.publish();
    this.ports.network.close();
    await this.ports.watchdog.close();
    await this.coordinator.close();
  }

  private runnerOf(plan: PackageConfig, json: boolean): PackageRunner {
    const { config, coordinator, ports } = this;
    const runDirectory = join(config.runDirectory, plan.name);
    mkdirSync(runDirectory, { recursive: true, mode: 0o700 });
    return new PackageRunner({
      ...{ plan, coordinator, ports, log: forPackage(this.log, plan.name) },
      settings: settingsOf(config, plan, runDirectory, json),
      restarts: config.restarts,
      fenced: config.nodes.find(({ name }) => name === config.node)?.fence !== undefined,
      changed: () => {
        this.loops.publish.soon();
        this.loops.tick.soon();
      },
      served: (event) => this.served(plan.name, event),
      crashed: () => this.observer?.crashed(plan.name),
    });
  }

  private get own(): Own {
    return {
      status: this.status,
      granted: (name) => this.runners.get(name)?.granted === true,
      fencedToken: (name) => this.runners.get(name)?.fencedToken,
    };
  }

  private get status(): PublishedStatus {
    const { network, clock } = this.ports;
    return {
      format: 1,
      incarnation: this.incarnation,
      at: clock.wall(),
      isolated: network.isolated,
      links: network.links(),
      leaving: this.leaving,
      packages: Object.fromEntries([...this.runners].map(([name, runner]) => [name, runner.status])),
    };
  }

  private get untilNextTick(): number {
    const now = this.ports.clock.monotonic();
    if ([...this.expected.values()].some((since) => now - since < EAGER_FOR)) return EAGER_TICK;
    return this.isCalm ? CALM_TICK : BUSY_TICK;
  }

  /** True while nothing moves, and nobody is late. */
  private get isCalm(): boolean {
    return this.config.packages.every(({ name }) => {
      const lease = this.knowledge.lease(name);
      const isWell = lease?.state === 'held' && lease.age < this.config.leaseMilliseconds / 2;
      return isWell && this.runners.get(name)?.isBusy !== true && this.knowledge.ordersFor(name).move === undefined;
    });
  }

  private async tick(): Promise<void> {
    try {
      await this.learn();
    } catch (error) {
      this.cutOff(error);
      return;
    }
    if (this.isCutOff) this.log.info({}, 'the coordinator answers again');
    this.isCutOff = false;
    const decisions = decide(this.knowledge.snapshot(this.own));
    this.knowledge.decided(decisions);
    for (const decision of decisions) this.carryOut(decision);
    await this.writeHistory();
  }

  private async learn(): Promise<void> {
    const { coordinator, knowledge } = this;
    const now = this.ports.clock.monotonic();
    const isHistoryDue = now - this.historyReadAt >= HISTORY_INTERVAL;
    const [view, orders, history] = await Promise.all([
      coordinator.snapshot(),
      coordinator.read(ORDERS),
      isHistoryDue ? coordinator.read(HISTORY) : undefined,
    ]);
    knowledge.learned(view);
    knowledge.orders = orders === undefined ? NO_ORDERS : parseOrders(orders.value);
    if (!isHistoryDue) return;
    this.historyReadAt = now;
    knowledge.history = parseHistory(history?.value);
  }

  /** Nothing is decided without the coordinator; what is held is kept for as long as the lease lasts. */
  private cutOff(error: unknown): void {
    if (!this.isCutOff) {
      const reason = error instanceof Error ? error.message : String(error);
      this.log.warn({ reason }, `the coordinator does not answer: ${reason}`);
      if (!(error instanceof CoordinatorLost)) this.log.error({ err: error }, 'a fault of the node daemon');
    }
    this.isCutOff = true;
  }

  private carryOut(decision: Decision): void {
    const { package: name, action, reason, settle } = decision;
    if (this.reasons.get(name) !== reason) this.log.info({ package: name, action: action.do }, reason);
    this.reasons.set(name, reason);
    const lease = this.knowledge.lease(name);
    const runner = this.runners.get(name);
    runner?.apply(decision, { maintenance: this.knowledge.ordersFor(name).maintenance, lease });
    if (action.do !== 'prepare' || runner?.status.phase !== 'ready') this.expected.delete(name);
    else if (!this.expected.has(name)) this.expected.set(name, this.ports.clock.monotonic());
    if (settle === undefined) return;
    const { id: order, done } = settle;
    const holder = lease?.holder;
    this.history.add({ package: name, from: holder, to: holder, kind: 'move', reason, milliseconds: 0, order, done });
  }

  private served(name: string, { kind, from, reason, order, milliseconds }: Served): void {
    this.log.info({ package: name, kind, milliseconds }, `${name} is served here after ${milliseconds} ms: ${reason}`);
    this.observer?.served(name, kind, milliseconds);
    this.history.add({ package: name, from, to: this.config.node, kind, reason, milliseconds, order, done: true });
    this.loops.tick.soon();
  }

  private async writeHistory(): Promise<void> {
    try {
      this.knowledge.history = (await this.history.write()) ?? this.knowledge.history;
    } catch (error) {
      this.cutOff(error);
    }
  }

  private async publish(): Promise<void> {
    try {
      await this.coordinator.publish(this.status);
    } catch (error) {
      this.cutOff(error);
    }
  }

  private async reconcile(): Promise<void> {
    try {
      await this.ports.network.reconcile();
    } catch (error) {
      this.log.error({ err: error }, 'service addresses could not be compared with the leases');
    }
  }
}

function settingsOf(
  config: ClusterConfig,
  plan: PackageConfig,
  runDirectory: string,
  json: boolean,
): Omit<ManagedSettings, 'sockets'> {
  const { stateDirectory, port, paths, options, allow, exportsFile, graceSeconds, setQuota, names } = plan;
  return {
    ...{ package: plan.name, node: config.node, stateDirectory, runDirectory, port, paths, options, allow },
    ...{ exportsFile, graceSeconds, setQuota, names, logLevel: config.logLevel, json },
  };
}

/** A logger whose every line names the package. */
function forPackage(log: Logger, name: string): Logger {
  const line = (level: keyof Logger) => (details: object, message: string) =>
    log[level]({ package: name, ...details }, `${name}: ${message}`);
  return { trace: line('trace'), debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}

/** What two configurations differ in, for people. */
function differences(before: ClusterConfig, after: ClusterConfig): string[] {
  const { packages: oldPackages, ...oldRest } = before;
  const { packages: newPackages, ...newRest } = after;
  const named = new Map(newPackages.map((plan) => [plan.name, plan]));
  const changed = oldPackages.filter((plan) => !isDeepStrictEqual(plan, named.get(plan.name))).map(({ name }) => name);
  const added = newPackages
    .filter(({ name }) => !oldPackages.some((plan) => plan.name === name))
    .map(({ name }) => name);
  const packages = [...changed, ...added].map((name) => `package ${name}`);
  return isDeepStrictEqual(oldRest, newRest) ? packages : ['settings of the cluster or the node', ...packages];
}
