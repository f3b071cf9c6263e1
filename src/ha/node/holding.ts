import type { Logger } from '../../common/log.ts';
import type { PackageConfig } from '../config.ts';
import { type Coordinator, CoordinatorLost, type Grant } from '../coordinator/contract.ts';
import type { Connection, ManagedSettings } from '../protocol.ts';
import { LeaseKeeper } from './lease.ts';
import type { ManagedServer } from './managed-server.ts';
import { messageOf, pause, step } from './operation.ts';
import type { NodePorts } from './ports.ts';
import { Standby } from './standby.ts';

/** How long running calls may take to end when the package is let go of, milliseconds. */
const DRAIN_DEADLINE = 5000;
/** What dies with the lease is given so long to lose its addresses before it is killed. */
const SILENCE_PAUSE = 100;
const UNMOUNT_PAUSE = 1000;
/** Attempts at unmounting before a node that can be fenced lets its lease run out. */
const UNMOUNTS_BEFORE_FENCING = 10;
const REMOVALS = 3;

export interface HoldingOptions {
  readonly plan: PackageConfig;
  readonly settings: Omit<ManagedSettings, 'sockets'>;
  /** True if other nodes can put this one down. */
  readonly fenced: boolean;
  readonly coordinator: Coordinator;
  readonly ports: NodePorts;
  readonly log: Logger;
}

export interface HoldingEvents {
  /** The lease is about to end: {@link Holding.silence} has been called. */
  lost(reason: string): void;
  /** The server process is gone, whether that was asked for or not. */
  ended(server: ManagedServer): void;
  /** A prepared process is ready and has practised, or (with what went wrong) is gone. */
  standbyChanged(problem: string | undefined): void;
  /** Something cannot be let go of. */
  stuck(problem: string): void;
}

/** What this node has of a package: lease, storage, server process, addresses. Takes it up and lets it go, in order. */
export class Holding {
  readonly standby: Standby;
  lease: LeaseKeeper | undefined;
  server: ManagedServer | undefined;
  private readonly options: HoldingOptions;
  private readonly plan: PackageConfig;
  private readonly ports: NodePorts;
  private readonly log: Logger;
  private readonly events: HoldingEvents;
  /** The package's own storage. */
  mayBeMounted = false;
  private addressesRemain = false;
  /** Processes that could not be ended. */
  private readonly remaining = new Set<ManagedServer>();
  private renewing = false;

  constructor(options: HoldingOptions, events: HoldingEvents) {
    const { plan, ports, settings, log } = options;
    this.options = options;
    this.plan = plan;
    this.ports = ports;
    this.log = log;
    this.events = events;
    this.standby = new Standby(ports, plan, settings, (problem) => events.standbyChanged(problem));
  }

  /** True if something of the package may still be here that must not be while another node has it. */
  get isUnclean(): boolean {
    return this.addressesRemain || [...this.remaining].some(({ hasEnded }) => !hasEnded);
  }

  /** Asks for the lease. Undefined: not now, or not any more. */
  async acquire(signal: AbortSignal): Promise<LeaseKeeper | undefined> {
    const { coordinator, ports } = this.options;
    const grant = await coordinator.acquire(this.plan.name).catch((error: unknown) => {
      if (!(error instanceof CoordinatorLost)) throw error;
      return undefined;
    });
    if (grant === undefined) return undefined;
    if (signal.aborted) {
      await this.giveUp(grant, undefined);
      return undefined;
    }
    this.lease = new LeaseKeeper(coordinator, ports.clock, this.log, grant, {
      renewed: (renewed) => this.renewed(renewed),
      ended: (reason) => {
        this.silence(reason);
        this.events.lost(reason);
      },
    });
    // This process may have slept between question and answer.
    return this.lease.holds ? this.lease : undefined;
  }

  /** What an earlier run of the daemon left mounted is this one's to unmount. */
  async lookForLeftovers(): Promise<void> {
    this.mayBeMounted = await this.ports.storage.isMounted(this.plan);
  }

  async mount(signal: AbortSignal): Promise<void> {
    if (this.plan.storage === undefined) return;
    this.mayBeMounted = true;
    await step(signal, this.ports.storage.mount(this.plan));
  }

  /** Has a prepared process serve under the lease. @returns the connections that its predecessor had. */
  async activate(signal: AbortSignal, lease: LeaseKeeper): Promise<readonly Connection[]> {
    const server = await step(signal, this.standby.ready());
    this.standby.handOver();
    this.server = server;
    server.ended.then(() => this.events.ended(server));
    // The lease may have been renewed while the process was being prepared, and what it was then may be over.
    const { grant } = lease;
    const activated = server.activate(grant.token, grant.until);
    this.watch(server, grant.until);
    return await step(signal, activated);
  }

  /** The server answers: lets clients come, and wakes those of its predecessor. */
  async welcome(signal: AbortSignal, lease: LeaseKeeper, connections: readonly Connection[]): Promise<void> {
    const { network } = this.ports;
    const { name } = this.plan;
    // After a crash they are still up.
    if (network.where(name).length === 0) await step(signal, network.raise(name, lease.grant.until));
    // The watchdog is to know where they are.
    if (this.server !== undefined) this.watch(this.server, lease.grant.until);
    // Our own probes had connections too: from the service address to itself.
    const own = this.plan.addresses.map(({ address }) => address);
    network.wake(
      name,
      connections.filter(({ address }) => !own.includes(address)),
    );
    this.server?.addressed();
  }

  /** The lease is about to end: nothing may be served when it has. What is left can be taken down at leisure. */
  silence(reason: string): void {
    const { server } = this;
    this.lease = undefined;
    if (server !== undefined) server.isEnding = true;
    const gone = this.ports.network.lower(this.plan.name).catch((error: unknown) => this.complain('addresses', error));
    Promise.race([gone, pause(this.ports.clock, SILENCE_PAUSE)]).then(() => server?.kill(reason));
  }

  /** Ends the server process, if it can be ended. */
  async endServer(): Promise<void> {
    const { server } = this;
    if (server !== undefined && !(await server.end())) this.remaining.add(server);
  }

  /** Takes down whatever is there, in the order that clients like: the address goes before the connections do. */
  async takeDown(): Promise<void> {
    const { server } = this;
    // It serves nobody: it may end meanwhile.
    const spareGone = this.standby.close();
    if (server?.isActive && !server.hasEnded && !server.isKilled && this.lease?.holds) {
      await server.release(DRAIN_DEADLINE).catch((error: unknown) => this.complain('the server process', error));
    }
    this.addressesRemain = !(await this.lower());
    await this.endServer();
    this.server = undefined;
    await spareGone;
    await this.unmount();
    this.standby.closeSockets();
    // What could not be taken down is the watchdog's.
    if (!this.isUnclean) this.ports.watchdog.send({ type: 'forget', package: this.plan.name });
  }

  /** Gives the lease up, after everything else. */
  async leave(successor: string | undefined): Promise<void> {
    const { lease } = this;
    this.lease = undefined;
    if (lease === undefined) return;
    const grant = await lease.stop();
    if (!this.isUnclean) return this.giveUp(grant, successor);
    this.log.error({}, 'the lease is left to run out: something of the package may still be on this node');
  }

  private renewed(grant: Grant): void {
    this.renewAddresses(grant.until);
    if (this.server === undefined) return;
    if (!this.server.hasEnded) this.server.licence(grant.until);
    // Also while a crashed process is started again: the addresses stay, and the watchdog is not to take them away.
    this.watch(this.server, grant.until);
  }

  private renewAddresses(until: number): void {
    const { network } = this.ports;
    if (this.renewing || network.where(this.plan.name).length === 0) return;
    this.renewing = true;
    network
      .renew(this.plan.name, until)
      .catch((error: unknown) => {
        const reason = messageOf(error);
        this.log.warn({ reason }, `service addresses could not be renewed: ${reason}`);
      })
      .finally(() => {
        this.renewing = false;
      });
  }

  private watch({ pid, startTime }: ManagedServer, until: number): void {
    const addresses = this.ports.network.where(this.plan.name);
    this.ports.watchdog.send({ type: 'watch', package: this.plan.name, pid, startTime, until, addresses });
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
  async unmount(): Promise<void> {
    for (let attempt = 1; this.mayBeMounted; attempt++) {
      try {
        await this.ports.storage.unmount(this.plan);
        this.mayBeMounted = false;
      } catch (error) {
        this.events.stuck(`the storage stays mounted here: ${messageOf(error)}`);
        this.complain('storage', error);
        if (this.options.fenced && attempt === UNMOUNTS_BEFORE_FENCING) {
          const { lease } = this;
          this.lease = undefined;
          await lease?.stop();
        }
        await pause(this.ports.clock, UNMOUNT_PAUSE);
      }
    }
  }

  private async giveUp(grant: Grant, successor: string | undefined): Promise<void> {
    const { coordinator } = this.options;
    await coordinator.release(grant, successor).catch((error: unknown) => this.complain('the lease runs out', error));
  }

  private complain(what: string, error: unknown): void {
    this.log.warn({ reason: messageOf(error) }, `while letting go: ${what}: ${messageOf(error)}`);
  }
}
