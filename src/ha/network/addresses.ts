import type { Logger } from '../../common/log.ts';
import type { MonotonicClock } from '../../common/monotonic.ts';
import { prepareDevice } from './device.ts';
import { type IpCommand, IpFailed, type PresentAddress, parseAddresses } from './ip.ts';
import { addressBytes, addressKey } from './socket-address.ts';

/** A service address and the interface that is to have it. */
export interface ServiceAddress {
  readonly address: string;
  /** Length of its network's prefix: 24 in 10.0.0.50/24. */
  readonly prefix: number;
  readonly device: string;
}

export interface Reconciled {
  /** Were on an interface of this node and must not be. */
  readonly removed: readonly PresentAddress[];
  /** Should be on an interface and are not. */
  readonly missing: readonly ServiceAddress[];
}

export interface AddressesOptions {
  readonly ip: IpCommand;
  readonly clock: MonotonicClock;
  readonly log: Pick<Logger, 'warn'>;
  /** The service addresses of every package of the cluster: all others are left alone. */
  readonly ours: readonly string[];
}

/**
 * Gives service addresses to interfaces of this node, and takes them away.
 *
 * An address lasts only as long as the lease that allows it, and is renewed with it: if every process of the node is dead
 * or stopped, the kernel takes the address away by itself. What is asked is done one after another, in the order asked.
 */
export class Addresses {
  private readonly ip: IpCommand;
  private readonly clock: MonotonicClock;
  private readonly log: Pick<Logger, 'warn'>;
  private readonly ours: ReadonlySet<string>;
  private readonly complained = new Set<string>();
  private last: Promise<unknown> = Promise.resolve();

  constructor({ ip, clock, log, ours }: AddressesOptions) {
    this.ip = ip;
    this.clock = clock;
    this.log = log;
    this.ours = new Set(ours.map(addressKey));
  }

  /**
   * Adds addresses that are missing, and renews those that are there: connections do not notice.
   * @param until when the right to them ends, on the clock. The kernel counts whole seconds, and takes them away up to a
   * second before that: were they there longer, a node whose processes are all dead would still refuse the clients that ask
   * again after the three seconds of their back-off, and send them into three more. Only the last second of a right is
   * rounded up. Rejects if not all are up; some may be.
   */
  hold(addresses: readonly ServiceAddress[], until: number): Promise<void> {
    return this.inTurn(async () => {
      const left = until - this.clock();
      if (left <= 0) throw new IpFailed(`${spell(addresses)} not put up: the right to it has ended`);
      const seconds = Math.max(1, Math.floor(left / 1000));
      const results = await Promise.allSettled(addresses.map((address) => this.put(address, `${seconds}`)));
      const reasons = reasonsOf(results);
      if (reasons.length > 0) throw new IpFailed(reasons.join('; '));
    });
  }

  /**
   * Takes addresses away from every interface that has them, however they came there. Rejects if one is still there afterwards.
   * @param places where they should be: from there they are taken before the interfaces are looked at, as clients wait.
   */
  remove(addresses: readonly string[], places: readonly ServiceAddress[] = []): Promise<void> {
    return this.inTurn(async () => {
      await Promise.allSettled(places.map((place) => this.delete(place)));
      const keys = new Set(addresses.map(addressKey));
      await this.takeAway(await this.matching(({ address }) => keys.has(addressKey(address))));
    });
  }

  /** All addresses that interfaces of this node have. */
  list(): Promise<PresentAddress[]> {
    return this.inTurn(() => this.matching(() => true));
  }

  /**
   * Two owners of one address is the worst that can happen, so what is there is compared with what is allowed again and
   * again. Removes every service address that is not wanted on the interface where it is.
   * @param wanted asked when the interfaces have been looked at, so that an address which is just being added is not taken for a leftover.
   */
  reconcile(wanted: () => readonly ServiceAddress[]): Promise<Reconciled> {
    return this.inTurn(async () => {
      const present = await this.matching(({ address }) => this.ours.has(addressKey(address)));
      const allowed = wanted();
      const removed = present.filter((there) => !allowed.some((address) => isSame(there, address)));
      const missing = allowed.filter((address) => !present.some((there) => isSame(there, address)));
      await this.takeAway(removed);
      return { removed, missing };
    });
  }

  private async put({ address, prefix, device }: ServiceAddress, seconds: string): Promise<void> {
    this.prepare(device);
    // Equal lifetimes: it is never "deprecated", which would keep it from being a source address.
    const lifetimes = ['valid_lft', seconds, 'preferred_lft', seconds];
    // Duplicate address detection would keep an IPv6 address unusable for a second; the lease is the proof that it is ours.
    const detection = addressBytes(address).length === 16 ? ['nodad'] : [];
    await this.ip(['address', 'replace', `${address}/${prefix}`, 'dev', device, ...lifetimes, ...detection]);
  }

  private prepare(device: string): void {
    for (const problem of prepareDevice(device)) {
      if (!this.complained.has(problem)) this.log.warn({ device }, problem);
      this.complained.add(problem);
    }
  }

  private async matching(test: (present: PresentAddress) => boolean): Promise<PresentAddress[]> {
    return parseAddresses(await this.ip(['-json', 'address', 'show'])).filter(test);
  }

  private delete({ address, prefix, device }: ServiceAddress): Promise<string> {
    return this.ip(['address', 'delete', `${address}/${prefix}`, 'dev', device]);
  }

  private async takeAway(addresses: readonly PresentAddress[]): Promise<void> {
    if (addresses.length === 0) return;
    const results = await Promise.allSettled(addresses.map((address) => this.delete(address)));
    // Somebody else may have been faster, so what counts is not whether the commands succeeded.
    const left = await this.matching((present) => addresses.some((address) => isSame(present, address)));
    if (left.length === 0) return;
    const reasons = reasonsOf(results);
    throw new IpFailed(`still there: ${spell(left)}${reasons.length === 0 ? '' : ` (${reasons.join('; ')})`}`);
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.last.then(work);
    this.last = result.catch(() => {});
    return result;
  }
}

function isSame(a: Omit<ServiceAddress, 'lifetime'>, b: ServiceAddress): boolean {
  return a.device === b.device && a.prefix === b.prefix && addressKey(a.address) === addressKey(b.address);
}

function spell(addresses: readonly Omit<ServiceAddress, 'prefix'>[]): string {
  return addresses.map(({ address, device }) => `${address} on ${device}`).join(', ');
}

function reasonsOf(results: readonly PromiseSettledResult<unknown>[]): string[] {
  return results.flatMap((result) => (result.status === 'rejected' ? [`${result.reason.message}`] : []));
}
