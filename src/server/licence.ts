import { type ChangeGuard, LicenceLost } from '../common/licence.ts';
import { type MonotonicClock, monotonic } from '../common/monotonic.ts';
import type { ServingLicence } from '../rpc/index.ts';

/**
 * The right to serve, which ends by itself unless it is renewed. The clock is read each time it is asked: a process that
 * was stopped meanwhile must not act on what was true before.
 */
export class Licence implements ServingLicence, ChangeGuard {
  private readonly now: MonotonicClock;
  private until = Number.NEGATIVE_INFINITY;
  private changesElsewhere = 0;
  private refused = false;

  constructor(now: MonotonicClock = monotonic) {
    this.now = now;
  }

  holds(): boolean {
    return this.now() < this.until;
  }

  check(): void {
    if (this.holds()) return;
    this.refused = true;
    throw new LicenceLost();
  }

  elsewhere<T>(work: Promise<T>): Promise<T> {
    this.changesElsewhere += 1;
    return work.finally(() => {
      this.changesElsewhere -= 1;
    });
  }

  /** True while other threads have changes to make, which they would not ask about again. */
  get hasChangesElsewhere(): boolean {
    return this.changesElsewhere > 0;
  }

  /** True if a change was ever refused: what is in memory may be ahead of what is kept since. */
  get hasRefused(): boolean {
    return this.refused;
  }

  /** Milliseconds that are left; negative if it has run out. */
  get remaining(): number {
    return this.until - this.now();
  }

  extend(until: number): void {
    this.until = until;
  }
}
