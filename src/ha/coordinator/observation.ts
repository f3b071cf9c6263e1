import type { MonotonicClock } from '../../common/monotonic.ts';
import type { Lease } from './contract.ts';

/**
 * How long things have stayed as they are, as seen from here and by our own clock: what other hosts' clocks or a file's
 * times say is never trusted. What is seen for the first time has an age of 0, however old it is.
 */
export class Observations {
  private readonly now: MonotonicClock;
  private readonly seen = new Map<string, { readonly identity: string; readonly since: number }>();

  constructor(now: MonotonicClock) {
    this.now = now;
  }

  /** Milliseconds since `thing` was first seen to be `identity`. To be called when it has been read, not before. */
  ageOf(thing: string, identity: string): number {
    const now = this.now();
    const last = this.seen.get(thing);
    if (last?.identity === identity) return now - last.since;
    this.seen.set(thing, { identity, since: now });
    return 0;
  }
}

/** What a holder last wrote about its lease. */
export interface Beat {
  readonly released: boolean;
  readonly successor: string | undefined;
}

export function leaseFrom(
  name: string,
  claim: { readonly holder: string; readonly token: number },
  beat: Beat,
  age: number,
  leaseMilliseconds: number,
): Lease {
  const state = beat.released ? 'released' : age >= leaseMilliseconds ? 'expired' : 'held';
  return { package: name, holder: claim.holder, token: claim.token, state, age, successor: beat.successor };
}

/** True if `node` may try to take the lease. */
export function mayTake(lease: Lease, node: string, leaseMilliseconds: number): boolean {
  if (lease.state !== 'released') return lease.state === 'expired';
  return lease.successor === undefined || lease.successor === node || lease.age >= leaseMilliseconds;
}
