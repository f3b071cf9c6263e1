import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { MonotonicClock } from '../../common/monotonic.ts';
import type { ToWatchdog } from '../protocol.ts';
import type { ProcessIdentity } from './watchdog-victim.ts';

export type WatchOrder = Omit<Extract<ToWatchdog, { type: 'watch' }>, 'type'>;

/** The process is only stopped for so long while its addresses are being taken away; then it is killed in any case. */
const STOPPED_MILLISECONDS = 500;
/** Taking an address away is tried so often. By then the kernel has removed it: its lifetime is the lease's. */
const REMOVALS = 60;
const AGAIN_MILLISECONDS = 1000;
/** How often an orphan looks whether a server process still lives. */
const ORPHAN_POLL_MILLISECONDS = 100;

export interface WatchdogDutyOptions {
  readonly clock: MonotonicClock;
  readonly isAlive: (victim: ProcessIdentity) => boolean;
  readonly signal: (victim: ProcessIdentity, name: 'SIGSTOP' | 'SIGKILL') => void;
  /** Takes an address away from this node; rejects if it is still there. */
  readonly remove: (address: string) => Promise<void>;
  readonly say: (line: string) => void;
}

/** A server process whose time is being watched. */
interface Watched {
  order: WatchOrder;
  ending: boolean;
  timer: NodeJS.Timeout | undefined;
}

/** What the watchdog process does: ends a server process whose right to serve has not been renewed in time. */
export class WatchdogDuty {
  private readonly options: WatchdogDutyOptions;
  private readonly watched = new Map<string, Watched>();
  private poll: NodeJS.Timeout | undefined;

  constructor(options: WatchdogDutyOptions) {
    this.options = options;
  }

  get isIdle(): boolean {
    return this.watched.size === 0;
  }

  /** A package's process, or its renewal; another process takes the place of the one that was watched. */
  watch(order: WatchOrder): void {
    const known = this.watched.get(order.package);
    if (known !== undefined && isSameProcess(known.order, order)) {
      // Too late for one that is being ended: what it had is gone.
      if (!known.ending) known.order = order;
      return;
    }
    clearTimeout(known?.timer);
    const watched: Watched = { order, ending: false, timer: undefined };
    this.watched.set(order.package, watched);
    this.wait(watched);
  }

  forget(name: string): void {
    clearTimeout(this.watched.get(name)?.timer);
    this.watched.delete(name);
    this.restIfIdle();
  }

  /**
   * The daemon is gone. Its server processes may serve until their time is over, but one that ends takes its addresses
   * with it: clients that come back to an address where nothing listens wait long before they try again. It also means
   * that a daemon which is started anew, and has the addresses from then on, is not disturbed.
   */
  orphaned(): void {
    this.poll = setInterval(() => {
      for (const watched of this.watched.values()) {
        if (!watched.ending && !this.options.isAlive(watched.order)) void this.end(watched);
      }
    }, ORPHAN_POLL_MILLISECONDS);
    this.restIfIdle();
  }

  private wait(watched: Watched): void {
    const left = Math.max(0, watched.order.until - this.options.clock());
    watched.timer = setTimeout(() => void this.due(watched), Math.ceil(left));
  }

  private async due(watched: Watched): Promise<void> {
    // If this process was stopped, renewals may have come meanwhile: Node runs timers before it reads.
    await turn();
    if (!this.isCurrent(watched) || watched.ending) return;
    if (watched.order.until > this.options.clock()) this.wait(watched);
    else await this.end(watched);
  }

  /**
   * Stopped, the process can do no more. Its death resets its connections, so the addresses go before it: a client that
   * came back at once, to where nothing listens any more, would wait seconds before it tries again.
   */
  private async end(watched: Watched): Promise<void> {
    watched.ending = true;
    clearTimeout(watched.timer);
    const { order } = watched;
    const { signal, isAlive, say } = this.options;
    const alive = isAlive(order);
    signal(order, 'SIGSTOP');
    const removed = this.removeAddresses(watched);
    await Promise.race([removed, sleep(STOPPED_MILLISECONDS)]);
    signal(order, 'SIGKILL');
    if (alive) say(`killed process ${order.pid} of package ${order.package}: its right to serve was not renewed`);
    await removed;
    if (!this.isCurrent(watched)) return;
    this.watched.delete(order.package);
    this.restIfIdle();
  }

  private async removeAddresses(watched: Watched): Promise<void> {
    let left = watched.order.addresses.map(({ address }) => address);
    for (let times = 1; left.length > 0 && times <= REMOVALS; times++) {
      const results = await Promise.allSettled(left.map((address) => this.options.remove(address)));
      // Another process of this package has them now.
      if (!this.isCurrent(watched)) return;
      const failed = results.flatMap((result) => (result.status === 'rejected' ? [`${result.reason}`] : []));
      left = left.filter((_, index) => results[index]!.status === 'rejected');
      if (left.length === 0) return;
      this.options.say(`addresses of package ${watched.order.package} could not be removed: ${failed.join('; ')}`);
      await sleep(AGAIN_MILLISECONDS);
    }
  }

  private isCurrent(watched: Watched): boolean {
    return this.watched.get(watched.order.package) === watched;
  }

  private restIfIdle(): void {
    if (this.isIdle) clearInterval(this.poll);
  }
}

function isSameProcess(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.pid === b.pid && a.startTime === b.startTime;
}
