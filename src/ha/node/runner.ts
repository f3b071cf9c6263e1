import type { Logger } from '../../common/log.ts';
import type { PackageConfig, RestartPolicy } from '../config.ts';
import { type Coordinator, CoordinatorLost, type Grant, type Lease } from '../coordinator/contract.ts';
import type { Decision, PublishedPackage } from '../decide/snapshot.ts';
import type { Verdict } from '../health/verdict.ts';
import { HealthWatch } from '../health/watch.ts';
import type { Connection, ManagedSettings } from '../protocol.ts';
import type { HistoryKind } from '../report.ts';
import { LeaseKeeper } from './lease.ts';
import type { ManagedServer } from './managed-server.ts';
import { CalledOff, Operations, pause, step } from './operation.ts';
import type { NodePorts } from './ports.ts';
import { Restarts } from './restarts.ts';
import { Standby } from './standby.ts';

/** How long running calls may take to end when the package is let go of, milliseconds. */
const DRAIN_DEADLINE = 5000;
/** What dies with the lease is given so long to lose its addresses before it is killed. */
const SILENCE_PAUSE = 100;
const FIRST_BAR = 5000;
const LONGEST_BAR = 300_000;
/** A failure that comes after so long is a first one again. */
const FORGIVEN_AFTER = 600_000;
const RESTART_PAUSE = 2000;
/** Clients come back first; the spare process can wait for so long. */
const SPARE_DELAY = 2000;
const SPARE_RETRY = 30_000;
const RETRY_PAUSE = 1000;
/** Attempts at unmounting before a node that can be fenced lets its lease run out. */
const UNMOUNTS_BEFORE_FENCING = 10;
const REMOVALS = 3;

/** Clients are served: after the package came here, or after its process was started again. */
export interface Served {
  readonly kind: HistoryKind;
  /** Who held it before. */
  readonly from: string | undefined;
  readonly reason: string;
  readonly order: string | undefined;
  readonly milliseconds: number;
}

export interface RunnerOptions {
  readonly plan: PackageConfig;
  readonly settings: Omit<ManagedSettings, 'sockets'>;
  readonly restarts: RestartPolicy;
  /** True if other nodes can put this one down. */
  readonly fenced: boolean;
  readonly coordinator: Coordinator;
  readonly ports: NodePorts;
  readonly log: Logger;
  /** The status changed: others want to know. */
  changed(): void;
  served(event: Served): void;
}

/**
 * One package on this node. `decide` says what it is to be; this does it step by step, undoes what it did when a step
 * fails, and gives everything up by itself in time when the lease cannot be held.
 */
export class PackageRunner {
  readonly plan: PackageConfig;
  /** The lease's token under which the fence command put its holder down. */
  fencedToken: number | undefined;
  private readonly options: RunnerOptions;
  private readonly ports: NodePorts;
  private readonly log: Logger;
  private readonly standby: Standby;
  private readonly restarts: Restarts;
  private readonly operations: Operations;
  private phase: PublishedPackage['phase'] = 'idle';
  private since: number;
  private problem: string | undefined;
  private barredUntil = 0;
  private failures = 0;
  private lastFailure = 0;
  private lease: LeaseKeeper | undefined;
  private server: ManagedServer | undefined;
  private health: HealthWatch | undefined;
  private mayBeMounted = false;
  /** Something of the package may still be here that must not be while another node has it. */
  private isUnclean = false;
  private renewing = false;
  private spareAt = 0;
  private maintenance = false;

  constructor(options: RunnerOptions) {
    const { plan, ports } = options;
    this.options = options;
    this.plan = plan;
    this.ports = ports;
    this.log = options.log;
    this.since = ports.clock.wall();
    this.standby = new Standby(ports, plan, options.settings, (problem) => this.standbyChanged(problem));
    this.restarts = new Restarts(options.restarts);
    this.operations = new Operations((error) => this.log.error({ err: error }, 'a fault of the node daemon'));
  }

  get status(): PublishedPackage {
    const { phase, since, problem } = this;
    return { phase, since, problem, barredUntil: this.isBarred ? this.barredUntil : 0 };
  }

  /** True if this run of the daemon holds the lease. */
  get granted(): boolean {
    return this.lease !== undefined;
  }

  /** True while something moves: the daemon then looks more often. */
  get isBusy(): boolean {
    return this.operations.kind !== undefined || this.phase === 'preparing';
  }

  /** Does what was decided, unless it is being done already or something more urgent is. */
  apply({ action, reason }: Pick<Decision, 'action' | 'reason'>, circumstances: Circumstances): void {
    this.maintenance = circumstances.maintenance;
    const isIdle = this.operations.kind === undefined;
    switch (action.do) {
      case 'prepare':
        if (isIdle && !this.granted && !this.isBarred) this.prepare();
        return;
      case 'stand down':
        if (isIdle && !this.granted && this.standby.exists) {
          this.operations.begin('stand down', async () => {
            await this.standby.close();
            this.standby.closeSockets();
            this.enter('idle');
          });
        }
        return;
      case 'fence':
        if (isIdle && !this.granted)
          this.operations.begin('fence', () => this.fence(action.node, circumstances.lease?.token));
        return;
      case 'take':
        if (isIdle && !this.granted && !this.hasJustFailed) {
          const from = circumstances.lease?.holder;
          this.operations.begin('take', (signal) => this.take(signal, { ...action, reason, from }));
        }
        return;
      case 'keep':
        if (isIdle && this.server?.hasEnded === true) this.serverEnded(this.server);
        this.keepSpare();
        return;
      case 'release':
        if (this.granted && this.operations.kind !== 'release') this.release(action.successor, reason);
        return;
      case 'nothing':
        return;
    }
  }

  /** The exports have changed. */
  reload(): void {
    this.server?.reload();
  }

  /** Lets go of everything, whatever was decided; resolves when that is done. */
  async close(): Promise<void> {
    const isLeaving = this.operations.kind === 'release' || this.operations.kind === 'stand down';
    if (!isLeaving && (this.granted || this.standby.exists || this.isBusy)) {
      this.release(undefined, 'the node daemon is being stopped');
    }
    await this.operations.settled();
  }

  private get isBarred(): boolean {
    return this.ports.clock.wall() < this.barredUntil;
  }

  /** Whatever is decided, a failure is not repeated without a pause. */
  private get hasJustFailed(): boolean {
    return this.ports.clock.wall() - this.lastFailure < RETRY_PAUSE;
  }

  private enter(phase: PublishedPackage['phase'], problem?: string): void {
    const changed = phase !== this.phase || problem !== this.problem;
    if (phase !== this.phase) this.since = this.ports.clock.wall();
    this.phase = phase;
    this.problem = problem;
    if (changed) this.options.changed();
  }

  private prepare(): void {
    if (this.standby.exists) return;
    this.enter('preparing', this.problem);
    this.standby.ready().catch(() => undefined);
  }

  /** A second process waits beside the one that serves: after a crash clients need not wait for node to load. */
  private keepSpare(): void {
    const now = this.ports.clock.monotonic();
    if (this.phase !== 'active' || this.standby.exists || now < this.spareAt) return;
    this.spareAt = now + SPARE_RETRY;
    this.standby.ready().catch((error: unknown) => this.log.warn({ reason: messageOf(error) }, 'no spare process'));
  }

  /** A prepared process is ready, or is gone. */
  private standbyChanged(problem: string | undefined): void {
    if (this.granted || this.operations.kind !== undefined) return;
    if (problem === undefined) {
      this.enter('ready');
    } else {
      this.bar(problem);
      this.enter('failed', problem);
    }
  }

  private async fence(node: string, token: number | undefined): Promise<void> {
    this.log.warn({ node }, `fencing ${node}`);
    try {
      await this.ports.fence.run(node);
      this.fencedToken = token;
      this.log.warn({ node }, `${node} is fenced`);
    } catch (error) {
      this.enter(this.phase, `${node} could not be fenced: ${messageOf(error)}`);
      this.log.error({ node, reason: messageOf(error) }, `${node} could not be fenced: ${messageOf(error)}`);
      await pause(this.ports.clock, RETRY_PAUSE);
    }
  }

  private async take(signal: AbortSignal, { kind, reason, order, from }: Omit<Served, 'milliseconds'>): Promise<void> {
    const began = this.ports.clock.monotonic();
    // Clients that come must find a listener, and without one nobody needs the lease.
    if (!this.listen()) return;
    const ready = this.standby.ready();
    ready.catch(() => undefined);
    const grant = await this.acquire();
    if (grant === undefined) return;
    if (signal.aborted) return this.giveUp(grant, undefined);
    const lease = this.hold(grant);
    // This process may have slept between question and answer.
    if (!lease.holds) return;
    try {
      this.log.info({ token: grant.token }, `taking the package: ${reason}`);
      this.enter('starting');
      if (this.plan.storage !== undefined) {
        this.mayBeMounted = true;
        await step(signal, this.ports.storage.mount(this.plan));
      }
      const connections = await this.activate(signal, await step(signal, ready), lease);
      await this.welcome(signal, lease, connections);
      const milliseconds = Math.round(this.ports.clock.monotonic() - began);
      this.options.served({ kind, reason, order, from, milliseconds });
    } catch (error) {
      if (error instanceof CalledOff) throw error;
      await this.fail(messageOf(error));
    }
  }

  private listen(): boolean {
    try {
      this.standby.listen();
      return true;
    } catch (error) {
      this.bar(messageOf(error));
      this.enter('failed', messageOf(error));
      return false;
    }
  }

  /** Undefined: not now. */
  private async acquire(): Promise<Grant | undefined> {
    try {
      return await this.options.coordinator.acquire(this.plan.name);
    } catch (error) {
      if (!(error instanceof CoordinatorLost)) throw error;
      return undefined;
    }
  }

  private hold(grant: Grant): LeaseKeeper {
    const { coordinator, ports } = this.options;
    this.lease = new LeaseKeeper(coordinator, ports.clock, this.log, grant, {
      renewed: (renewed) => this.renewed(renewed),
      ended: (reason) => this.silence(reason),
    });
    return this.lease;
  }

  private async activate(signal: AbortSignal, server: ManagedServer, { grant }: LeaseKeeper) {
    this.standby.handOver();
    this.server = server;
    server.ended.then(() => this.serverEnded(server));
    const activated = server.activate(grant.token, grant.until);
    this.watch(server, grant.until);
    return await step(signal, activated);
  }

  /** The server answers: let clients come. */
  private async welcome(signal: AbortSignal, lease: LeaseKeeper, connections: readonly Connection[]): Promise<void> {
    const { server } = this;
    const { network } = this.ports;
    // After a crash they are still up.
    if (network.where(this.plan.name).length === 0)
      await step(signal, network.raise(this.plan.name, lease.grant.until));
    // The watchdog is to know where they are.
    if (server !== undefined) this.watch(server, lease.grant.until);
    // Our own probes had connections too: from the service address to itself.
    const clients = connections.filter(({ address }) => !this.names.includes(address));
    network.wake(this.plan.name, clients);
    server?.addressed();
    this.enter('active');
    this.spareAt = this.ports.clock.monotonic() + SPARE_DELAY;
    this.look();
  }

  private look(): void {
    const { server, lease } = this;
    this.health?.close();
    if (server === undefined || lease === undefined) return;
    this.health = new HealthWatch(this.ports, this.plan, server, {
      isLicensed: () => this.lease === lease && lease.holds,
      found: (verdict) => this.found(server, verdict),
    });
  }

  private found(server: ManagedServer, verdict: Verdict): void {
    if (this.server !== server || this.operations.kind !== undefined) return;
    if (verdict.state !== 'well') this.log.warn({ state: verdict.state }, verdict.sentence);
    switch (verdict.state) {
      case 'hung':
        // What follows is as for a crash.
        server.kill(verdict.sentence);
        return;
      case 'dead storage':
        if (!this.maintenance) this.operations.begin('fail', () => this.fail(verdict.sentence));
        else this.enter('active', verdict.sentence);
        return;
      case 'full storage':
      case 'slow':
        this.enter('active', verdict.sentence);
        return;
      case 'well':
        this.enter('active');
    }
  }

  private renewed(grant: Grant): void {
    this.renewAddresses(grant.until);
    if (this.server === undefined || this.server.hasEnded) return;
    this.server.licence(grant.until);
    this.watch(this.server, grant.until);
  }

  private renewAddresses(until: number): void {
    const { network } = this.ports;
    if (this.renewing || network.where(this.plan.name).length === 0) return;
    this.renewing = true;
    network
      .renew(this.plan.name, until)
      .catch((error: unknown) =>
        this.log.warn({ reason: messageOf(error) }, `addresses not renewed: ${messageOf(error)}`),
      )
      .finally(() => {
        this.renewing = false;
      });
  }

  private get names(): readonly string[] {
    return this.plan.addresses.map(({ address }) => address);
  }

  private watch({ pid, startTime }: ManagedServer, until: number): void {
    const addresses = this.ports.network.where(this.plan.name);
    this.ports.watchdog.send({ type: 'watch', package: this.plan.name, pid, startTime, until, addresses });
  }

  /** A crash, unless its end was asked for, or whoever is waiting for it sees it anyway. */
  private serverEnded(server: ManagedServer): void {
    if (this.server !== server || server.isEnding || !this.granted || this.operations.kind !== undefined) return;
    this.operations.begin('restart', (signal) => this.restart(signal, server));
  }

  /** Lease, addresses and sockets stay: clients wait in the sockets' backlog. */
  private async restart(signal: AbortSignal, crashed: ManagedServer): Promise<void> {
    const { coordinator } = this.options;
    const began = this.ports.clock.monotonic();
    this.health?.close();
    let how = await crashed.ended;
    for (;;) {
      const { lease } = this;
      if (lease === undefined) return;
      const crashes = this.restarts.crashed(this.ports.clock.monotonic());
      this.log.error({ crashes, reason: how }, `${how}; it is started again`);
      if (!this.restarts.allows(crashes)) {
        const seconds = this.options.restarts.periodMilliseconds / 1000;
        if (!this.maintenance) return this.fail(`${how}; it ended ${crashes} times within ${seconds} s`);
        await step(signal, pause(this.ports.clock, RESTART_PAUSE));
      }
      this.enter('starting', how);
      try {
        const connections = await this.activate(signal, await step(signal, this.standby.ready()), lease);
        await this.welcome(signal, lease, connections);
        const milliseconds = Math.round(this.ports.clock.monotonic() - began);
        this.options.served({ kind: 'restart', reason: how, order: undefined, from: coordinator.node, milliseconds });
        return;
      } catch (error) {
        if (error instanceof CalledOff) throw error;
        how = messageOf(error);
        await this.server?.end();
      }
    }
  }

  private release(successor: string | undefined, reason: string): void {
    this.log.info({ successor }, `letting the package go: ${reason}`);
    this.operations.begin('release', async () => {
      await this.takeDown();
      await this.leave(successor);
      this.enter(this.isBarred ? 'failed' : 'idle', this.isBarred ? this.problem : undefined);
    });
  }

  /** It does not work here. The lease is kept until it is decided who gets it; this node stays away for a while. */
  private async fail(problem: string): Promise<void> {
    this.log.error({ reason: problem }, `the package cannot be served here: ${problem}`);
    this.bar(problem);
    await this.takeDown();
    this.enter('failed', problem);
  }

  private bar(problem: string): void {
    const now = this.ports.clock.wall();
    if (now - this.lastFailure > FORGIVEN_AFTER) this.failures = 0;
    this.lastFailure = now;
    this.barredUntil = now + Math.min(LONGEST_BAR, FIRST_BAR * 2 ** this.failures++);
    this.problem = problem;
  }

  /** The lease is about to end and nobody can help it: nothing of the package may be left here when it has. */
  private silence(reason: string): void {
    this.log.error({ reason }, `the package is given up: ${reason}`);
    const { server } = this;
    this.lease = undefined;
    this.health?.close();
    if (server !== undefined) server.isEnding = true;
    const gone = this.ports.network.lower(this.plan.name).catch((error: unknown) => this.complain('addresses', error));
    const killed = Promise.race([gone, pause(this.ports.clock, SILENCE_PAUSE)]).then(() => server?.kill(reason));
    // A release goes on by itself, without a lease to give up.
    if (this.operations.kind === 'release' || this.operations.kind === 'fail') return;
    this.operations.begin('silence', async () => {
      await killed;
      await this.takeDown();
      this.enter('idle', reason);
    });
  }

  /** Takes down whatever is there, in the order that clients like: the address goes before the connections do. */
  private async takeDown(): Promise<void> {
    const { server } = this;
    const { watchdog } = this.ports;
    this.health?.close();
    this.enter('releasing', this.problem);
    if (server?.isActive && !server.hasEnded && this.lease?.holds) {
      await server.release(DRAIN_DEADLINE).catch((error: unknown) => this.complain('the server process', error));
    }
    const haveGone = await this.lower();
    const hasEnded = (await server?.end()) ?? true;
    this.isUnclean = !haveGone || !hasEnded;
    this.server = undefined;
    await this.standby.close();
    await this.unmount();
    this.standby.closeSockets();
    // What could not be taken down is the watchdog's.
    if (!this.isUnclean) watchdog.send({ type: 'forget', package: this.plan.name });
  }

  private async leave(successor: string | undefined): Promise<void> {
    const { lease } = this;
    this.lease = undefined;
    if (lease === undefined) return;
    const grant = await lease.stop();
    if (!this.isUnclean) return this.giveUp(grant, successor);
    this.log.error({}, 'the lease is left to run out: something of the package may still be on this node');
  }

  /** @returns false if the addresses may still be there. */
  private async lower(): Promise<boolean> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.ports.network.lower(this.plan.name);
        return true;
      } catch (error) {
        this.complain('addresses', error);
        if (attempt === REMOVALS) return false;
      }
    }
  }

  /** Does not end before it is unmounted: two nodes that write to one file system destroy it. */
  private async unmount(): Promise<void> {
    for (let attempt = 1; this.mayBeMounted; attempt++) {
      try {
        await this.ports.storage.unmount(this.plan);
        this.mayBeMounted = false;
      } catch (error) {
        this.enter('releasing', `the storage stays mounted here: ${messageOf(error)}`);
        this.complain('storage', error);
        if (this.options.fenced && attempt === UNMOUNTS_BEFORE_FENCING) {
          const { lease } = this;
          this.lease = undefined;
          await lease?.stop();
        }
        await pause(this.ports.clock, RETRY_PAUSE);
      }
    }
  }

  private async giveUp(grant: Grant, successor: string | undefined): Promise<void> {
    try {
      await this.options.coordinator.release(grant, successor);
    } catch (error) {
      this.complain('the lease runs out by itself', error);
    }
  }

  private complain(what: string, error: unknown): void {
    this.log.warn({ reason: messageOf(error) }, `while letting go: ${what}: ${messageOf(error)}`);
  }
}

/** What a decision is applied under. */
export interface Circumstances {
  readonly maintenance: boolean;
  /** The lease as it was decided upon. */
  readonly lease: Lease | undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
