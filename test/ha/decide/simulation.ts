import { type Coordinator, CoordinatorLost, type Grant, LeaseLost } from '../../../src/ha/coordinator/contract.ts';
import { MemoryCluster } from '../../../src/ha/coordinator/memory.ts';
import { decide } from '../../../src/ha/decide/decide.ts';
import type {
  MoveOrder,
  PackagePlan,
  PublishedPackage,
  PublishedStatus,
  Snapshot,
} from '../../../src/ha/decide/snapshot.ts';

const LEASE = 3000;
const STEP = 100;
const RENEW = 600;
const PUBLISH = 400;
/** What the steps of a server process take in the model. */
const TIMES = { preparing: 500, starting: 300, releasing: 200 };
const EPOCH = 1_700_000_000_000;
const FIRST_BAR = 5000;
const LONGEST_BAR = 300_000;

export type SimEvent =
  | { readonly do: 'crash' | 'start' | 'cut' | 'join' | 'unplug' | 'plug' | 'drain' | 'resume'; readonly node: string }
  | { readonly do: 'break' | 'mend'; readonly node: string; readonly package: string }
  | { readonly do: 'move'; readonly package: string; readonly node: string | undefined }
  | { readonly do: 'wait'; readonly milliseconds: number };

export interface SimMove {
  readonly at: number;
  readonly package: string;
  readonly from: string | undefined;
  readonly to: string;
  readonly reason: string;
}

/** One package on one node: what the node daemon would do for it, without servers, networks and disks. */
interface Runner {
  phase: PublishedPackage['phase'];
  since: number;
  barredUntil: number;
  failures: number;
  grant: Grant | undefined;
  successor: string | undefined;
  taken: { readonly from: string | undefined; readonly reason: string; readonly order: string | undefined } | undefined;
}

/** A cluster in virtual time: nodes that follow `decide`, on a coordinator in memory. */
export class Simulation {
  readonly nodes: readonly SimNode[];
  readonly plans: readonly PackagePlan[];
  readonly moves: SimMove[] = [];
  /** Move orders that are over, by id: true if they were carried out. */
  readonly settled = new Map<string, boolean>();
  readonly orders = new Map<string, { readonly move: MoveOrder; readonly at: number }>();
  readonly drained = new Map<string, { readonly drained: boolean; readonly at: number }>();
  readonly broken = new Set<string>();
  readonly cluster: MemoryCluster;
  now = 0;
  private nextOrder = 1;

  constructor(nodes: readonly string[], plans: readonly PackagePlan[]) {
    this.plans = plans;
    this.cluster = new MemoryCluster(LEASE, () => this.now);
    this.nodes = nodes.map((name) => new SimNode(this, name));
  }

  get wall(): number {
    return EPOCH + this.now;
  }

  async happen(event: SimEvent): Promise<void> {
    switch (event.do) {
      case 'wait':
        return await this.run(event.milliseconds);
      case 'break':
        this.broken.add(`${event.node} ${event.package}`);
        return this.node(event.node).fail(event.package);
      case 'mend':
        this.broken.delete(`${event.node} ${event.package}`);
        return;
      case 'move':
        return this.order(event.package, event.node);
      case 'drain':
      case 'resume':
        this.drained.set(event.node, { drained: event.do === 'drain', at: this.now });
        return;
      default:
        this.node(event.node).happen(event.do);
    }
  }

  async run(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    while (this.now < end) {
      this.now += STEP;
      for (const node of this.nodes) await node.step();
      this.checkExclusive();
    }
  }

  /** The nodes that serve a package. */
  serving(name: string): string[] {
    return this.nodes.filter((node) => node.serves(name)).map(({ name: node }) => node);
  }

  /** The nodes where a package could be served now. */
  eligible({ name, nodes }: PackagePlan): string[] {
    return nodes.filter((node) => {
      const isWell = this.node(node).isWell && this.drained.get(node)?.drained !== true;
      return isWell && !this.broken.has(`${node} ${name}`);
    });
  }

  node(name: string): SimNode {
    const found = this.nodes.find((node) => node.name === name);
    if (found === undefined) throw new Error(`no node ${name}`);
    return found;
  }

  private order(name: string, node: string | undefined): void {
    const lease = this.cluster.leases.get(name);
    const isHeld = lease !== undefined && !lease.released && this.now - lease.renewedAt < LEASE;
    const from = isHeld ? lease.holder : undefined;
    const id = `order ${this.nextOrder++}`;
    this.orders.set(name, { move: { id, node, from, at: this.wall }, at: this.now });
  }

  private checkExclusive(): void {
    for (const { name } of this.plans) {
      const serving = this.serving(name);
      if (serving.length > 1) throw new Error(`${name} is served by ${serving.join(' and ')} at ${this.now}`);
    }
  }
}

class SimNode {
  readonly name: string;
  private readonly simulation: Simulation;
  private coordinator: Coordinator;
  private readonly runners = new Map<string, Runner>();
  private readonly aliveSince = new Map<string, number>();
  private heardAt: number;
  private joinedAt: number;
  private isUp = true;
  private isCut = false;
  private isolated = false;

  constructor(simulation: Simulation, name: string) {
    this.simulation = simulation;
    this.name = name;
    this.coordinator = simulation.cluster.join(name);
    this.heardAt = simulation.now;
    this.joinedAt = simulation.now;
    this.boot();
  }

  get isWell(): boolean {
    return this.isUp && !this.isCut && !this.isolated;
  }

  serves(name: string): boolean {
    const { phase, grant } = this.runner(name);
    return this.isUp && phase === 'active' && grant !== undefined && grant.until > this.simulation.now;
  }

  happen(what: 'crash' | 'start' | 'cut' | 'join' | 'unplug' | 'plug'): void {
    if (what === 'crash') this.isUp = false;
    if (what === 'start' && !this.isUp) this.boot();
    if (what === 'cut' || what === 'join') {
      this.isCut = what === 'cut';
      this.simulation.cluster.partition(this.name, this.isCut ? 'both' : 'off');
    }
    if (what === 'unplug' || what === 'plug') this.isolated = what === 'unplug';
  }

  /** The server ends, and cannot be started. */
  fail(name: string): void {
    const runner = this.runner(name);
    if (!['starting', 'active'].includes(runner.phase)) return;
    runner.barredUntil = this.simulation.wall + Math.min(LONGEST_BAR, FIRST_BAR * 2 ** runner.failures++);
    this.enter(runner, 'failed');
  }

  async step(): Promise<void> {
    if (!this.isUp) return;
    for (const [name, runner] of this.runners) await this.advance(name, runner);
    try {
      // Nodes are not in step with each other.
      const phase = this.simulation.now + this.name.charCodeAt(0) * STEP;
      if (phase % PUBLISH === 0) await this.coordinator.publish(this.status);
      if (phase % RENEW === 0) await this.renew();
      if (phase % (2 * STEP) === 0) await this.tick();
    } catch (error) {
      if (!(error instanceof CoordinatorLost)) throw error;
    }
  }

  private boot(): void {
    const { simulation } = this;
    this.isUp = true;
    this.coordinator = simulation.cluster.join(this.name);
    this.aliveSince.clear();
    this.joinedAt = simulation.now;
    this.heardAt = simulation.now;
    for (const { name } of simulation.plans) this.runners.set(name, newRunner(simulation.wall));
  }

  private runner(name: string): Runner {
    const runner = this.runners.get(name);
    if (runner === undefined) throw new Error(`no package ${name}`);
    return runner;
  }

  private get status(): PublishedStatus {
    return {
      format: 1,
      incarnation: this.name,
      at: this.simulation.wall,
      isolated: this.isolated,
      links: {},
      leaving: false,
      packages: Object.fromEntries(
        [...this.runners].map(([name, { phase, since, barredUntil }]) => {
          return [name, { phase, since, problem: undefined, barredUntil, mounted: false }];
        }),
      ),
    };
  }

  private enter(runner: Runner, phase: Runner['phase']): void {
    if (runner.phase !== phase) runner.since = this.simulation.wall;
    runner.phase = phase;
  }

  private async advance(name: string, runner: Runner): Promise<void> {
    const { simulation } = this;
    if (runner.grant !== undefined && runner.grant.until <= simulation.now) {
      runner.grant = undefined;
      this.enter(runner, 'idle');
    }
    const { phase } = runner;
    if (phase !== 'preparing' && phase !== 'starting' && phase !== 'releasing') return;
    if (simulation.wall - runner.since < TIMES[phase]) return;
    if (phase === 'preparing') return this.enter(runner, 'ready');
    if (phase === 'starting')
      return simulation.broken.has(`${this.name} ${name}`) ? this.fail(name) : this.served(name, runner);
    const { grant, successor } = runner;
    runner.grant = undefined;
    this.enter(runner, runner.barredUntil > simulation.wall ? 'failed' : 'idle');
    if (grant !== undefined) await this.coordinator.release(grant, successor).catch(ignoreLost);
  }

  private served(name: string, runner: Runner): void {
    const { taken } = runner;
    this.enter(runner, 'active');
    if (taken === undefined) return;
    if (taken.order !== undefined) this.simulation.settled.set(taken.order, true);
    this.simulation.moves.push({
      at: this.simulation.wall,
      package: name,
      to: this.name,
      from: taken.from,
      reason: taken.reason,
    });
  }

  private async renew(): Promise<void> {
    for (const runner of this.runners.values()) {
      if (runner.grant === undefined) continue;
      try {
        runner.grant = await this.coordinator.renew(runner.grant);
      } catch (error) {
        if (!(error instanceof LeaseLost)) throw error;
        runner.grant = undefined;
        this.enter(runner, 'idle');
      }
    }
  }

  private async tick(): Promise<void> {
    for (const decision of decide(await this.look())) {
      const { package: name, action, reason, settle } = decision;
      const runner = this.runner(name);
      if (settle !== undefined && !this.simulation.settled.has(settle.id))
        this.simulation.settled.set(settle.id, settle.done);
      const isFree = runner.grant === undefined;
      if (action.do === 'prepare' && isFree && runner.phase !== 'ready' && runner.phase !== 'preparing') {
        this.enter(runner, 'preparing');
      } else if (action.do === 'stand down' && isFree) {
        this.enter(runner, 'idle');
      } else if (action.do === 'release' && runner.phase !== 'releasing') {
        runner.successor = action.successor;
        this.enter(runner, 'releasing');
      } else if (action.do === 'take' && isFree) {
        const from = this.simulation.cluster.leases.get(name)?.holder;
        runner.grant = await this.coordinator.acquire(name);
        if (runner.grant === undefined) continue;
        runner.taken = { from, reason, order: action.order };
        this.enter(runner, 'starting');
      }
    }
  }

  private async look(): Promise<Snapshot> {
    const { simulation } = this;
    const view = await this.coordinator.snapshot();
    if (simulation.now - this.heardAt > LEASE) this.joinedAt = simulation.now;
    this.heardAt = simulation.now;
    const nodes = simulation.nodes.map(({ name }) => {
      const isSelf = name === this.name;
      const known = view.nodes.get(name);
      const alive = isSelf || known?.alive === true;
      if (!alive) this.aliveSince.delete(name);
      else if (!this.aliveSince.has(name)) this.aliveSince.set(name, simulation.now);
      const since = isSelf ? this.joinedAt : (this.aliveSince.get(name) ?? simulation.now);
      const { drained = false, at = 0 } = simulation.drained.get(name) ?? {};
      return {
        ...{ name, alive, aliveFor: simulation.now - since },
        status: isSelf ? this.status : (known?.status as PublishedStatus | undefined),
        orders: { drained },
        orderedFor: simulation.now - at,
      };
    });
    return {
      self: this.name,
      now: simulation.wall,
      leaseMilliseconds: LEASE,
      nodes: new Map(nodes.map((node) => [node.name, node])),
      packages: simulation.plans.map((plan) => {
        const order = simulation.orders.get(plan.name);
        const moved = simulation.moves.filter(
          (move) => move.package === plan.name && move.from !== undefined && move.from !== move.to,
        );
        return {
          plan,
          lease: view.leases.get(plan.name),
          granted: this.runner(plan.name).grant !== undefined,
          orders: {
            maintenance: false,
            move: order && !simulation.settled.has(order.move.id) ? order.move : undefined,
          },
          orderedFor: simulation.now - (order?.at ?? 0),
          fencedHolder: false,
          recentMoves: moved.map(({ at }) => at),
          lastFailback: moved.findLast(({ reason }) => reason.includes('goes back'))?.at ?? 0,
        };
      }),
    };
  }
}

function newRunner(since: number): Runner {
  return {
    phase: 'idle',
    since,
    barredUntil: 0,
    failures: 0,
    grant: undefined,
    successor: undefined,
    taken: undefined,
  };
}

function ignoreLost(error: unknown): void {
  if (!(error instanceof CoordinatorLost)) throw error;
}
