import type { Logger } from '../../common/log.ts';
import { type MonotonicClock, monotonic } from '../../common/monotonic.ts';
import type { PackageConfig } from '../config.ts';
import type { Connection } from '../protocol.ts';
import { Addresses, type Reconciled, type ServiceAddress } from './addresses.ts';
import { announce } from './announce.ts';
import { isLinkUp } from './interface.ts';
import { ip } from './ip.ts';
import { Links } from './links.ts';
import { openFramePort } from './packet-socket.ts';
import { type Ongoing, type Pause, pause } from './pause.ts';
import { openSegmentPort } from './segment-socket.ts';
import { tickle } from './tickle.ts';

type Package = Pick<PackageConfig, 'name' | 'addresses'>;

export interface NodeNetworkOptions {
  readonly packages: readonly Package[];
  readonly links: Links;
  readonly addresses: Addresses;
  readonly clock: MonotonicClock;
  readonly log: Logger;
  /** Tells the neighbours, for as long as the addresses are ours. */
  readonly announce: (device: string, addresses: readonly string[], areOurs: () => boolean) => Ongoing;
  /** Wakes clients, for as long as the addresses are ours. */
  readonly wake: (connections: readonly Connection[], areOurs: () => boolean) => Ongoing;
}

/** A package whose addresses are up here. */
interface Raised {
  readonly package: Package;
  device: string;
  until: number;
  /** Undefined while they are being put up for the first time. */
  announcement: Ongoing | undefined;
  waking: Ongoing | undefined;
}

/** The node's hands on the service network: which addresses are up here, on which interface, and who is told of it. */
export class NodeNetwork {
  private readonly options: NodeNetworkOptions;
  private readonly raised = new Map<string, Raised>();
  private readonly stopListening: () => void;

  constructor(options: NodeNetworkOptions) {
    this.options = options;
    this.stopListening = options.links.onChange((device) => this.linkChanged(device));
  }

  /** The host's own network. @param interfaces the node's service interfaces, the most wanted first. */
  static open(packages: readonly Package[], interfaces: readonly string[], log: Logger): NodeNetwork {
    const ours = packages.flatMap(({ addresses }) => addresses.map(({ address }) => address));
    return new NodeNetwork({
      packages,
      log,
      clock: monotonic,
      links: new Links({ devices: interfaces, probe: isLinkUp, clock: monotonic }),
      addresses: new Addresses({ ip, clock: monotonic, log, ours }),
      announce: (device, addresses, areOurs) =>
        announce(device, addresses, { log, open: openFramePort, pause: pauseWhile(areOurs) }),
      wake: (connections, areOurs) => tickle(connections, { log, open: openSegmentPort, pause: pauseWhile(areOurs) }),
    });
  }

  /** No service interface has a link: nothing can be served from here. */
  get isolated(): boolean {
    return this.options.links.device === undefined;
  }

  get links(): Links {
    return this.options.links;
  }

  /** Where a package's addresses are now; empty if they are not up here. */
  where(name: string): ServiceAddress[] {
    const raised = this.raised.get(name);
    return raised === undefined ? [] : placesOf(raised);
  }

  /**
   * Puts a package's addresses up and announces them.
   * @param until when the right to them ends (`common/monotonic.ts`). Rejects if not all of them can be up; then none is.
   */
  async raise(name: string, until: number): Promise<void> {
    const { links, packages } = this.options;
    const found = packages.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`there is no package "${name}"`);
    const device = links.device;
    if (device === undefined) throw new Error(`no service interface has a link (${names(links)})`);
    const raised: Raised = { package: found, device, until, announcement: undefined, waking: undefined };
    this.stop(name);
    this.raised.set(name, raised);
    try {
      await this.hold(raised);
    } catch (error) {
      await this.lower(name).catch((reason: unknown) => this.failed(reason, name));
      throw error;
    }
    this.announce(raised);
  }

  /** The lease has been renewed: so are the addresses. Rejects if they could not be; they may be there all the same. */
  async renew(name: string, until: number): Promise<void> {
    const raised = this.raised.get(name);
    if (raised === undefined) throw new Error(`the addresses of "${name}" are not up here`);
    raised.until = until;
    await this.hold(raised);
  }

  /** Takes a package's addresses away, wherever they are. Rejects if one is still there: then the lease must not be given up. */
  async lower(name: string): Promise<void> {
    const places = this.where(name);
    this.stop(name);
    this.raised.delete(name);
    const addresses = this.options.packages.find((candidate) => candidate.name === name)?.addresses ?? [];
    await this.options.addresses.remove(
      addresses.map(({ address }) => address),
      places,
    );
  }

  /** Wakes the clients of a package that has been raised, until it is lowered. */
  wake(name: string, connections: readonly Connection[]): void {
    const raised = this.raised.get(name);
    if (raised === undefined) return;
    raised.waking?.cancel();
    raised.waking = this.options.wake(connections, () => this.isOurs(raised));
  }

  /** For every tick: takes away what must not be here, and puts back what somebody else took away. @returns what was found. */
  async reconcile(): Promise<Reconciled> {
    const { addresses, clock, log } = this.options;
    const found = await addresses.reconcile(() =>
      [...this.raised.values()].filter(({ until }) => until > clock()).flatMap(placesOf),
    );
    for (const { address, device } of found.removed) {
      log.warn({ address, device }, `removed ${address} from ${device}: it does not belong there`);
    }
    for (const raised of this.raised.values()) {
      const missing = found.missing.filter((place) => placesOf(raised).some((own) => isSamePlace(own, place)));
      const isBeingPutUp = raised.announcement === undefined;
      if (missing.length === 0 || isBeingPutUp || raised.until <= clock()) continue;
      log.warn({ package: raised.package.name }, `put back what was gone from ${raised.device}: ${spell(missing)}`);
      await this.hold(raised);
      this.announce(raised);
    }
    return found;
  }

  /** Ends announcements and the watch over links. Addresses stay until they are lowered, or their time is over. */
  close(): void {
    this.stopListening();
    for (const name of this.raised.keys()) this.stop(name);
    this.options.links.close();
  }

  private linkChanged(device: string | undefined): void {
    const { links, log } = this.options;
    if (device === undefined) {
      log.error({ links: links.states() }, `no service interface has a link (${names(links)}): this node is isolated`);
      return;
    }
    log.warn({ links: links.states() }, `service addresses belong on ${device} now`);
    this.moveTo(device).catch((error: unknown) => this.failed(error));
  }

  /** First there, then no longer here: in between nothing is lost, as it is the same host. */
  private async moveTo(device: string): Promise<void> {
    for (const raised of this.raised.values()) {
      if (raised.device === device) continue;
      raised.device = device;
      await this.hold(raised).catch((error: unknown) => this.failed(error, raised.package.name));
      if (raised.device === device) this.announce(raised);
    }
    await this.reconcile();
  }

  private hold(raised: Raised): Promise<void> {
    return this.options.addresses.hold(placesOf(raised), raised.until);
  }

  private announce(raised: Raised): void {
    // It may have been lowered while its addresses were being put up.
    if (this.raised.get(raised.package.name) !== raised) return;
    raised.announcement?.cancel();
    const addresses = raised.package.addresses.map(({ address }) => address);
    raised.announcement = this.options.announce(raised.device, addresses, () => this.isOurs(raised));
  }

  private isOurs({ until }: Raised): boolean {
    return until > this.options.clock();
  }

  private stop(name: string): void {
    const raised = this.raised.get(name);
    raised?.announcement?.cancel();
    raised?.waking?.cancel();
  }

  private failed(error: unknown, name?: string): void {
    this.options.log.error({ err: error, package: name }, 'service addresses could not be put in order');
  }
}

/** A node that was stopped and goes on must not say what was true before. */
function pauseWhile(areOurs: () => boolean): Pause {
  return async (milliseconds, signal) => (await pause(milliseconds, signal)) && areOurs();
}

function placesOf({ package: { addresses }, device }: Raised): ServiceAddress[] {
  return addresses.map(({ address, prefix }) => ({ address, prefix, device }));
}

function isSamePlace(a: ServiceAddress, b: ServiceAddress): boolean {
  return a.address === b.address && a.device === b.device;
}

function spell(places: readonly ServiceAddress[]): string {
  return places.map(({ address }) => address).join(', ');
}

function names(links: Links): string {
  return links
    .states()
    .map(({ device }) => device)
    .join(', ');
}
