import type { RestartPolicy } from '../config.ts';
import type { Lease } from '../coordinator/contract.ts';
import type { Decision, PublishedPackage } from '../decide/snapshot.ts';
import type { Verdict } from '../health/verdict.ts';
import { HealthWatch } from '../health/watch.ts';
import type { HistoryKind } from '../report.ts';
import { Holding, type HoldingOptions } from './holding.ts';
import type { LeaseKeeper } from './lease.ts';
import type { ManagedServer, Pulse } from './managed-server.ts';
import { CalledOff, messageOf, Operations, pause, step } from './operation.ts';
import { PackageStatus } from './package-status.ts';
import { Restarts } from './restarts.ts';

/** Between restarts that no policy allows, but maintenance asks for; between attempts at fencing. Milliseconds. */
const RETRY_PAUSE = 2000;
/** Clients come back first; the spare process can wait for so long. */
const SPARE_DELAY = 2000;
const SPARE_RETRY = 30_000;

/** Clients are served: after the package came here, or after its process was started again. */
export interface Served {
  readonly kind: HistoryKind;
  /** Who held it before. */
  readonly from: string | undefined;
  readonly reason: string;
  readonly order: string | undefined;
  readonly milliseconds: number;
}

export interface RunnerOptions extends HoldingOptions {
  readonly restarts: RestartPolicy;
  /** The status changed: others want to know. */
  changed(): void;
  served(event: Served): void;
  /** The server process ended without being asked to, or could not be started again. */
  crashed(): void;
}

/** What a decision is applied under. */
export interface Circumstances {
  readonly maintenance: boolean;
  /** The lease as it was decided upon. */
  readonly lease: Lease | undefined;
}

/**
 * One package on this node. `decide` says what it is to be; this does it step by step, undoes what it did when a step
 * fails, and gives everything up by itself in time when the lease cannot be held.
 */
export class PackageRunner {
  /** The lease's token under which the fence command put its holder down. */
  fencedToken: number | undefined;
  private readonly options: RunnerOptions;
  private readonly holding: Holding;
  private readonly state: PackageStatus;
  private readonly restarts: Restarts;
  private readonly operations: Operations;
  private health: HealthWatch | undefined;
  private maintenance = false;
  private spareAt = 0;

  constructor(options: RunnerOptions) {
    this.options = options;
    this.state = new PackageStatus(options.ports.clock, () => options.changed());
    this.restarts = new Restarts(options.restarts);
    this.operations = new Operations((error) => options.log.error({ err: error }, 'a fault of the node daemon'));
    this.holding = new Holding(options, {
      lost: (reason) => this.lost(reason),
      ended: (server) => this.serverEnded(server),
      standbyChanged: (problem) => this.standbyChanged(problem),
      stuck: (problem) => this.state.enter('releasing', problem),
    });
  }

  get status(): PublishedPackage {
    const { published } = this.state;
    // A process that was stopped and goes on may be asked before its timers run.
    const phase = published.phase === 'active' && !this.granted ? 'releasing' : published.phase;
    return { ...published, phase, mounted: this.holding.mayBeMounted };
  }

  /** True if this run of the daemon holds the lease. */
  get granted(): boolean {
    return this.holding.lease?.holds === true;
  }

  /** What the server process said of its work last. */
  get pulse(): Pulse | undefined {
    return this.holding.server?.pulse;
  }

  /** True while something moves: the daemon then looks more often. */
  get isBusy(): boolean {
    return !this.isIdle || this.state.phase === 'preparing';
  }

  /** Before anything else: looks what an earlier run of the daemon has left. */
  lookForLeftovers(): Promise<void> {
    return this.holding.lookForLeftovers();
  }

  /** Does what was decided, unless it is being done already or something more urgent is. */
  apply({ action, reason }: Pick<Decision, 'action' | 'reason'>, { maintenance, lease }: Circumstances): void {
    this.maintenance = maintenance;
    const isIdling = action.do === 'nothing' || action.do === 'prepare' || action.do === 'stand down';
    if (isIdling && !maintenance && this.hasLeftovers(lease)) this.cleanUp();
    const isFree = this.isIdle && !this.granted;
    switch (action.do) {
      case 'prepare':
        if (isFree && !this.state.isBarred) this.prepare();
        return;
      case 'stand down':
        if (isFree) this.standDown();
        return;
      case 'fence':
        if (isFree) this.operations.begin('fence', () => this.fence(action.node, lease?.token));
        return;
      case 'take':
        if (!isFree || this.state.hasJustFailed) return;
        this.operations.begin('take', (signal) => this.take(signal, { ...action, reason, from: lease?.holder }));
        return;
      case 'keep':
        if (this.holding.server?.hasEnded === true) this.serverEnded(this.holding.server);
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
    this.holding.server?.reload();
  }

  /** Lets go of everything, whatever was decided; resolves when that is done. */
  async close(): Promise<void> {
    const isLeaving = this.operations.kind === 'release' || this.operations.kind === 'stand down';
    const hasAnything = this.granted || this.holding.standby.exists || this.isBusy;
    if (hasAnything && !isLeaving) this.release(undefined, 'the node daemon is being stopped');
    await this.operations.settled();
  }

  private get isIdle(): boolean {
    return this.operations.kind === undefined;
  }

  private get now(): number {
    return this.options.ports.clock.monotonic();
  }

  /** While the server process of an earlier run may still live, its storage is busy; and this node may soon have it again. */
  private hasLeftovers(lease: Lease | undefined): boolean {
    const isOurs = lease?.state === 'held' && lease.holder === this.options.coordinator.node;
    return this.isIdle && !this.granted && this.holding.mayBeMounted && !isOurs;
  }

  private cleanUp(): void {
    this.options.log.warn({}, 'the storage is mounted here, left by an earlier run: unmounting it');
    this.operations.begin('clean up', async () => {
      await this.holding.unmount();
      this.state.enter(this.state.phase === 'releasing' ? 'idle' : this.state.phase);
      this.options.changed();
    });
  }

  private prepare(): void {
    if (this.holding.standby.exists) return;
    this.state.enter('preparing', this.state.problem);
    this.holding.standby.ready().catch(() => undefined);
  }

  private standDown(): void {
    const { standby } = this.holding;
    if (!standby.exists) return;
    this.operations.begin('stand down', async () => {
      await standby.close();
      standby.closeSockets();
      this.state.enter('idle');
    });
  }

  /** A second process waits beside the one that serves: after a crash clients need not wait for node to load. */
  private keepSpare(): void {
    const { standby } = this.holding;
    if (this.state.phase !== 'active' || standby.exists || this.now < this.spareAt) return;
    this.spareAt = this.now + SPARE_RETRY;
    standby.ready().catch((error: unknown) => {
      this.options.log.warn({ reason: messageOf(error) }, `no spare process: ${messageOf(error)}`);
    });
  }

  private standbyChanged(problem: string | undefined): void {
    if (this.granted || !this.isIdle) return;
    if (problem === undefined) this.state.enter('ready');
    else this.state.failed(problem);
  }

  private async fence(node: string, token: number | undefined): Promise<void> {
    const { log, ports } = this.options;
    log.warn({ node }, `fencing ${node}`);
    try {
      await ports.fence.run(node);
      this.fencedToken = token;
      this.state.enter(this.state.phase);
      log.warn({ node }, `${node} is fenced`);
    } catch (error) {
      const problem = `${node} could not be fenced: ${messageOf(error)}`;
      this.state.enter(this.state.phase, problem);
      log.error({ node }, problem);
      await pause(ports.clock, RETRY_PAUSE);
    }
  }

  private async take(signal: AbortSignal, event: Omit<Served, 'milliseconds'>): Promise<void> {
    const began = this.now;
    const { holding } = this;
    try {
      // Clients that come must find a listener, and without one nobody needs the lease.
      await step(signal, holding.standby.listen());
      const ready = holding.standby.ready();
      ready.catch(() => undefined);
      const lease = await holding.acquire(signal);
      if (lease === undefined) return await this.wait(signal, ready);
      this.options.log.info({ token: lease.grant.token }, `taking the package: ${event.reason}`);
      this.state.enter('starting');
      await holding.mount(signal);
      await this.serve(signal, lease, { ...event, began });
    } catch (error) {
      if (error instanceof CalledOff) throw error;
      await this.fail(messageOf(error));
    }
  }

  /** The lease was not to be had: the process may be of use later. */
  private async wait(signal: AbortSignal, ready: Promise<unknown>): Promise<void> {
    if (signal.aborted) throw new CalledOff();
    this.state.enter('preparing');
    await step(signal, ready);
    this.state.enter('ready');
  }

  private async serve(
    signal: AbortSignal,
    lease: LeaseKeeper,
    { began, ...event }: Omit<Served, 'milliseconds'> & { readonly began: number },
  ): Promise<void> {
    const connections = await this.holding.activate(signal, lease);
    await this.holding.welcome(signal, lease, connections);
    this.state.enter('active');
    this.spareAt = this.now + SPARE_DELAY;
    this.look(lease);
    this.options.served({ ...event, milliseconds: Math.round(this.now - began) });
  }

  private look(lease: LeaseKeeper): void {
    const { server } = this.holding;
    this.health?.close();
    if (server === undefined) return;
    this.health = new HealthWatch(this.options.ports, this.options.plan, server, {
      isLicensed: () => this.holding.lease === lease && lease.holds,
      found: (verdict) => this.found(server, verdict),
    });
  }

  private found(server: ManagedServer, { state, sentence }: Verdict): void {
    if (this.holding.server !== server || !this.isIdle) return;
    if (state !== 'well') this.options.log.warn({ state }, sentence);
    if (state === 'hung') {
      this.operations.begin('restart', (signal) => this.replace(signal, server, sentence));
    } else if (state === 'dead storage' && !this.maintenance) {
      this.operations.begin('fail', () => this.fail(sentence));
    } else {
      this.state.enter('active', state === 'well' ? undefined : sentence);
    }
  }

  /** What follows is as for a crash, if the process can be ended. */
  private async replace(signal: AbortSignal, server: ManagedServer, sentence: string): Promise<void> {
    server.kill(sentence);
    if (!(await step(signal, server.dies())) && !this.maintenance) {
      return this.fail(`${sentence}; SIGKILL does not end its process, which waits for a disk`);
    }
    await step(signal, server.ended);
    await this.restart(signal, server);
  }

  /** A crash, unless its end was asked for, or whoever is waiting for it sees it anyway. */
  private serverEnded(server: ManagedServer): void {
    if (this.holding.server !== server || server.isEnding || !this.granted || !this.isIdle) return;
    this.operations.begin('restart', (signal) => this.restart(signal, server));
  }

  /** Lease, addresses and sockets stay: clients wait in the sockets' backlog. */
  private async restart(signal: AbortSignal, crashed: ManagedServer): Promise<void> {
    const { coordinator, restarts, ports, log } = this.options;
    const began = this.now;
    this.health?.close();
    let reason = await crashed.ended;
    for (;;) {
      const { lease } = this.holding;
      if (lease === undefined) return;
      const crashes = this.restarts.crashed(this.now);
      this.options.crashed();
      log.error({ crashes, reason }, reason);
      if (!this.restarts.allows(crashes)) {
        const seconds = restarts.periodMilliseconds / 1000;
        if (!this.maintenance) return this.fail(`${reason}; it ended ${crashes} times within ${seconds} s`);
        await step(signal, pause(ports.clock, RETRY_PAUSE));
      }
      this.state.enter('starting', reason);
      try {
        await this.serve(signal, lease, { kind: 'restart', reason, order: undefined, from: coordinator.node, began });
        return;
      } catch (error) {
        if (error instanceof CalledOff) throw error;
        reason = messageOf(error);
        await this.holding.endServer();
      }
    }
  }

  private release(successor: string | undefined, reason: string): void {
    this.options.log.info({ successor }, `letting the package go: ${reason}`);
    this.operations.begin('release', async () => {
      await this.takeDown();
      await this.holding.leave(successor);
      if (this.state.isBarred) this.state.enter('failed', this.state.problem);
      else this.rest(undefined);
    });
  }

  /** It does not work here. The lease is kept until it is decided who gets it; this node stays away for a while. */
  private async fail(problem: string): Promise<void> {
    this.options.log.error({ reason: problem }, `the package cannot be served here: ${problem}`);
    this.state.enter('releasing', problem);
    await this.takeDown();
    this.state.failed(problem);
  }

  /** The lease is about to end and nobody can help it: nothing of the package may be left here when it has. */
  private lost(reason: string): void {
    this.options.log.error({ reason }, `the package is given up: ${reason}`);
    this.health?.close();
    // These go on by themselves, without a lease to give up.
    if (this.operations.kind === 'release' || this.operations.kind === 'fail') return;
    this.operations.begin('silence', async () => {
      await this.takeDown();
      this.rest(reason);
    });
  }

  /** Only a node that is `idle` has stopped, as others see it, and need not be fenced. */
  private rest(problem: string | undefined): void {
    if (this.holding.isUnclean) this.state.failed('something of the package may still be on this node');
    else this.state.enter('idle', problem);
  }

  private async takeDown(): Promise<void> {
    this.health?.close();
    this.state.enter('releasing', this.state.problem);
    await this.holding.takeDown();
  }
}
