import type { Logger } from '../common/log.ts';
import type { Monitor, MonitorStore } from '../state/index.ts';

/** A client of our lock manager, as it makes itself known. */
export interface Watched {
  readonly name: string;
  readonly address: string;
  readonly localAddress: string;
  readonly state: number;
}

/** How long a client is monitored at least after it has last asked for a lock. */
const IDLE_MS = 5 * 60_000;

/** Each host is a file: nobody is to fill the disk with names. Behind one address there may be a network of hosts. */
const LIMITS: MonitorLimits = { hosts: 100_000, ofAddress: 1000 };

export interface MonitorLimits {
  readonly hosts: number;
  /** Names that come from one address. */
  readonly ofAddress: number;
}

/** The monitored hosts, as the programs and the lock manager need them. */
export class Monitors {
  private readonly store: MonitorStore;
  private readonly log: Logger;
  private readonly now: () => number;
  private readonly limits: MonitorLimits;
  private readonly byKey = new Map<string, Monitor>();
  private readonly keeping = new Map<string, Promise<void>>();
  private readonly askedAt = new Map<string, number>();
  /** Hosts whose locks came with one state number and then with another: the notice of that restart is still to come. */
  private readonly ahead = new Set<string>();
  /** Names that came from a second address, and were warned of. */
  private readonly ambiguous = new Set<string>();

  constructor(store: MonitorStore, log: Logger, now: () => number = Date.now, limits = LIMITS) {
    this.store = store;
    this.log = log;
    this.now = now;
    this.limits = limits;
    for (const monitor of store.list()) this.byKey.set(keyOf(monitor), monitor);
  }

  get state(): number {
    return this.store.state;
  }

  /** Monitors a client of the lock manager from now on; on disk when this ends. Rejects also if there are too many. */
  async watch({ name, address, localAddress, state }: Watched): Promise<void> {
    const key = keyOf({ name, address });
    const known = this.byKey.get(key);
    if (known === undefined) this.mustHaveRoomFor(address);
    this.askedAt.set(key, this.now());
    const isKnown =
      known !== undefined && known.localAddress === localAddress && (state === 0 || known.state === state);
    if (isKnown) return this.keeping.get(key);
    if (known === undefined) this.warnOfTwins(name, address);
    else if (state !== 0 && known.state !== 0 && known.state !== state) this.ahead.add(key);
    await this.keep({
      ...{ name, address, localAddress, state: state === 0 ? (known?.state ?? 0) : state },
      ...{ told: known?.told ?? this.store.state, since: known?.since ?? this.now() },
    });
  }

  keep(monitor: Monitor): Promise<void> {
    const key = keyOf(monitor);
    const before = this.byKey.get(key);
    this.byKey.set(key, monitor);
    const kept = this.store
      .keep(monitor)
      .catch((error: unknown) => {
        // It is to be written by the next who relies on it.
        if (this.byKey.get(key) === monitor) {
          if (before === undefined) this.byKey.delete(key);
          else this.byKey.set(key, before);
        }
        throw error;
      })
      .finally(() => {
        if (this.keeping.get(key) === kept) this.keeping.delete(key);
      });
    this.keeping.set(key, kept);
    return kept;
  }

  /** Whether a notice with this state number tells of a restart that nobody has acted on. */
  isNews(monitor: Monitor, state: number): boolean {
    return monitor.state !== state || this.ahead.has(keyOf(monitor));
  }

  /** What a notice told was acted on. */
  async heard(monitor: Monitor, state: number): Promise<void> {
    this.ahead.delete(keyOf(monitor));
    await this.keep({ ...monitor, state });
  }

  async drop(monitor: Monitor): Promise<void> {
    this.byKey.delete(keyOf(monitor));
    this.ahead.delete(keyOf(monitor));
    this.askedAt.delete(keyOf(monitor));
    await this.store.drop(monitor);
  }

  /** What is known by now of the same host. */
  find(monitor: Monitor): Monitor | undefined {
    return this.byKey.get(keyOf(monitor));
  }

  list(): Monitor[] {
    return [...this.byKey.values()];
  }

  /** Clients that know of everything, and have not asked for a lock lately. */
  idle(): Monitor[] {
    const before = this.now() - IDLE_MS;
    return this.list().filter(
      (monitor) =>
        monitor.watcher === undefined &&
        monitor.told === this.store.state &&
        (this.askedAt.get(keyOf(monitor)) ?? 0) < before,
    );
  }

  /** Those that are meant by a notice with this name that came from this address. */
  at(address: string, name: string): Monitor[] {
    return this.list().filter((monitor) => monitor.address === address && isSameHost(monitor, name));
  }

  private mustHaveRoomFor(address: string): void {
    const { hosts, ofAddress } = this.limits;
    if (this.byKey.size >= hosts) throw new Error(`${hosts} hosts are monitored already`);
    let names = 0;
    for (const monitor of this.byKey.values()) if (monitor.address === address) names += 1;
    if (names >= ofAddress) throw new Error(`${names} hosts are monitored at ${address} already`);
  }

  /** A name is all that tells owners apart in this protocol: two clients with one name could share a lock. */
  private warnOfTwins(name: string, address: string): void {
    const twin = this.list().find(
      (other) => other.name === name && other.address !== address && other.watcher === undefined,
    );
    if (twin === undefined || this.ambiguous.has(name)) return;
    this.ambiguous.add(name);
    this.log.warn(
      { client: name, addresses: [twin.address, address] },
      'two addresses lock under one host name; if they are two hosts, give them different names: locks are told apart by it',
    );
  }
}

function keyOf({ name, address, watcher }: Pick<Monitor, 'name' | 'address' | 'watcher'>): string {
  return JSON.stringify([name, address, watcher]);
}

/** A host may call itself by its short name once and by its full one another time, or by its address. */
function isSameHost({ name, address }: Monitor, given: string): boolean {
  const [a, b] = [name.toLowerCase(), given.toLowerCase()];
  return a === b || given === address || a.startsWith(`${b}.`) || b.startsWith(`${a}.`);
}
