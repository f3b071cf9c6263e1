import type { Logger } from '../../common/log.ts';
import { type Coordinator, CoordinatorLost, type Grant, LeaseLost } from '../coordinator/contract.ts';
import type { Clock } from './ports.ts';

/** Renewals are begun so many times in a lease time, so that three may fail. */
const RENEWALS_PER_LEASE = 5;
/** How soon a renewal that failed is tried again, as a part of the time between renewals. */
const RETRY_PART = 1 / 4;
/** What must be done before the end (addresses away, process ended) begins so much before it: a part of the lease time, and at most. */
const LEAD_PART = 1 / 10;
const MOST_LEAD_MILLISECONDS = 300;

export interface LeaseEvents {
  renewed(grant: Grant): void;
  /** Called once, before the grant's end: everything that the lease allowed must stop now. */
  ended(reason: string): void;
}

/** Holds on to a lease, whatever else the daemon is busy with, and says in good time when it cannot be held any longer. */
export class LeaseKeeper {
  private readonly coordinator: Coordinator;
  private readonly clock: Clock;
  private readonly log: Logger;
  private readonly events: LeaseEvents;
  private current: Grant;
  private over = false;
  private troubled = false;
  private renewing: Promise<void> = Promise.resolve();
  private cancelRenewal = () => {};
  private cancelEnd = () => {};

  constructor(coordinator: Coordinator, clock: Clock, log: Logger, grant: Grant, events: LeaseEvents) {
    this.coordinator = coordinator;
    this.clock = clock;
    this.log = log;
    this.events = events;
    this.current = grant;
    this.planEnd();
    this.planRenewal(this.interval);
  }

  get grant(): Grant {
    return this.current;
  }

  /** False once the lease has ended, also if the daemon slept and nobody has noticed yet. */
  get holds(): boolean {
    if (!this.over && this.isLate) this.end('the lease ended before it could be renewed');
    return !this.over;
  }

  /** No more renewals, and none under way that could arrive after a release. @returns the grant, to be released. */
  async stop(): Promise<Grant> {
    this.finish();
    await this.renewing;
    return this.current;
  }

  private finish(): void {
    this.over = true;
    this.cancelRenewal();
    this.cancelEnd();
  }

  private get interval(): number {
    return this.coordinator.leaseMilliseconds / RENEWALS_PER_LEASE;
  }

  private get lead(): number {
    return Math.min(MOST_LEAD_MILLISECONDS, this.coordinator.leaseMilliseconds * LEAD_PART);
  }

  private get isLate(): boolean {
    return this.clock.monotonic() >= this.current.until - this.lead;
  }

  private planRenewal(milliseconds: number): void {
    this.cancelRenewal = this.clock.after(milliseconds, () => {
      this.renewing = this.renew();
    });
  }

  private planEnd(): void {
    this.cancelEnd();
    const left = this.current.until - this.lead - this.clock.monotonic();
    this.cancelEnd = this.clock.after(Math.max(0, left), () => {
      if (this.isLate) this.end('the coordinator could not be reached for a lease time');
      else this.planEnd();
    });
  }

  private async renew(): Promise<void> {
    // After a pause of this process the end may have passed already: then a renewal would revive what others may have.
    if (!this.holds) return;
    try {
      const grant = await this.coordinator.renew(this.current);
      // The answer may come when the old grant had run out, and all had been told to stop.
      if (!this.holds) return;
      this.current = grant;
      if (!this.holds) return;
      if (this.troubled) this.log.info({ package: grant.package }, 'the lease is renewed again');
      this.troubled = false;
      this.planEnd();
      this.planRenewal(this.interval);
      this.events.renewed(grant);
    } catch (error) {
      if (this.over) return;
      if (error instanceof LeaseLost) return this.end(`the lease is lost: ${error.message}`);
      if (!this.troubled) {
        const reason = error instanceof CoordinatorLost ? error.message : String(error);
        this.log.warn({ package: this.current.package, reason }, `the lease could not be renewed: ${reason}`);
      }
      this.troubled = true;
      this.planRenewal(this.interval * RETRY_PART);
    }
  }

  private end(reason: string): void {
    if (this.over) return;
    this.finish();
    this.events.ended(reason);
  }
}
