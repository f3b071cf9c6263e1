import type { Logger } from '../common/log.ts';

/** After its last reclaim a client is taken to have done them all: longer than lockd waits before it sends one again. */
const QUIET_MS = 15_000;
/** A request for a new lock that comes this long after the notice was sent with the notice known. */
const SETTLED_MS = 2_000;

interface Expected {
  /** When it was told of the loss; undefined while it was not. */
  told: number | undefined;
  /** When it last reclaimed a lock. */
  reclaimed: number | undefined;
}

/**
 * The grace period: after locks were lost, their holders may have them back before anybody gets new ones. It ends once
 * every one of them is done, or after its limit.
 *
 * That a client is done with its reclaims is not told by the protocol. It is taken from its asking for a new lock after it
 * was told (Linux does so only when it has reclaimed all), or from silence after reclaims.
 */
export class Grace {
  private readonly log: Logger;
  private readonly now: () => number;
  private readonly expected = new Map<string, Expected>();
  private endsAt = 0;
  private timer: NodeJS.Timeout | undefined;

  /** `now` is a clock in milliseconds that never goes back. */
  constructor(log: Logger, now: () => number = () => performance.now()) {
    this.log = log;
    this.now = now;
  }

  /** Expects reclaims of these clients, for at most so many milliseconds. */
  open(clients: Iterable<string>, limit: number): void {
    this.close();
    for (const client of clients) this.expected.set(client, { told: undefined, reclaimed: undefined });
    if (this.expected.size === 0 || limit === 0) {
      this.expected.clear();
      return;
    }
    this.endsAt = this.now() + limit;
    this.timer = setInterval(() => this.look(), Math.min(1000, limit)).unref();
    this.log.warn({ clients: this.expected.size, seconds: limit / 1000 }, 'locks were lost: a grace period begins');
  }

  get isOpen(): boolean {
    return this.timer !== undefined && this.now() < this.endsAt;
  }

  /** Milliseconds until it ends at the latest. */
  get remaining(): number {
    return this.isOpen ? this.endsAt - this.now() : 0;
  }

  told(client: string): void {
    const expected = this.expected.get(client);
    if (expected !== undefined) expected.told = this.now();
  }

  reclaimed(client: string): void {
    const expected = this.expected.get(client);
    if (expected !== undefined) expected.reclaimed = this.now();
  }

  /** A client asks for a new lock. */
  asked(client: string): void {
    const told = this.expected.get(client)?.told;
    if (told !== undefined && this.now() - told >= SETTLED_MS) this.left(client);
  }

  /** A client has nothing more to reclaim. */
  left(client: string): void {
    this.expected.delete(client);
    this.look();
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private look(): void {
    if (this.timer === undefined) return;
    const now = this.now();
    for (const [client, { told, reclaimed }] of this.expected) {
      if (told !== undefined && reclaimed !== undefined && now - reclaimed >= QUIET_MS) this.expected.delete(client);
    }
    if (now < this.endsAt && this.expected.size > 0) return;
    this.close();
    const missing = [...this.expected.keys()].map((client) => client.replace('\0', ' at '));
    this.log.info({ missing }, missing.length > 0 ? 'the grace period is over' : 'the grace period is over: all came');
    this.expected.clear();
  }
}
