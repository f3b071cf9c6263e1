import type { RestartPolicy } from '../config.ts';

/** Counts the crashes of one package's server process. */
export class Restarts {
  private readonly policy: RestartPolicy;
  private crashes: number[] = [];

  constructor(policy: RestartPolicy) {
    this.policy = policy;
  }

  /** A crash at this moment (monotonic). @returns how many there were in the period, this one included. */
  crashed(now: number): number {
    this.crashes = this.crashes.filter((at) => now - at < this.policy.periodMilliseconds);
    this.crashes.push(now);
    return this.crashes.length;
  }

  /** True if a process that has crashed so often may be started again here. */
  allows(crashes: number): boolean {
    return crashes <= this.policy.count;
  }
}
