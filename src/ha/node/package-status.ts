import type { PublishedPackage } from '../decide/snapshot.ts';
import type { Clock } from './ports.ts';

/** For so long a node stays away from a package after its first failure, milliseconds; it doubles with each one. */
const FIRST_BAR = 5000;
const LONGEST_BAR = 300_000;
/** A failure that comes after so long is a first one again. */
const FORGIVEN_AFTER = 600_000;
/** Whatever is decided, a failure is not repeated without a pause. */
const PAUSE = 1000;

type Phase = PublishedPackage['phase'];

/** What a node says of one package. */
export class PackageStatus {
  private readonly clock: Clock;
  private readonly changed: () => void;
  private current: Phase = 'idle';
  private since: number;
  private trouble: string | undefined;
  private failures = 0;
  private failedAt = Number.NEGATIVE_INFINITY;
  private barredFor = 0;

  constructor(clock: Clock, changed: () => void) {
    this.clock = clock;
    this.changed = changed;
    this.since = clock.wall();
  }

  get phase(): Phase {
    return this.current;
  }

  get problem(): string | undefined {
    return this.trouble;
  }

  get published(): Omit<PublishedPackage, 'mounted'> {
    const { current: phase, since, trouble: problem, barLeft } = this;
    // Told by the wall clock, but measured by one that nobody sets.
    return { phase, since, problem, barredUntil: barLeft > 0 ? this.clock.wall() + barLeft : 0 };
  }

  get isBarred(): boolean {
    return this.barLeft > 0;
  }

  get hasJustFailed(): boolean {
    return this.clock.monotonic() - this.failedAt < PAUSE;
  }

  /** @param problem what is wrong in this phase; nothing, if left out. */
  enter(phase: Phase, problem?: string): void {
    const isNews = phase !== this.current || problem !== this.trouble;
    if (phase !== this.current) this.since = this.clock.wall();
    this.current = phase;
    this.trouble = problem;
    if (isNews) this.changed();
  }

  /** It failed here: the node does not want it for a while. */
  failed(problem: string): void {
    const now = this.clock.monotonic();
    if (now - this.failedAt > FORGIVEN_AFTER) this.failures = 0;
    this.failedAt = now;
    this.barredFor = Math.min(LONGEST_BAR, FIRST_BAR * 2 ** this.failures++);
    this.enter('failed', problem);
  }

  private get barLeft(): number {
    return Math.max(0, this.failedAt + this.barredFor - this.clock.monotonic());
  }
}
