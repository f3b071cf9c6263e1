import { type MonotonicClock, monotonic } from '../../common/monotonic.ts';
import { CoordinatorLost, LeaseLost } from './contract.ts';

/** The clock and timers that a coordinator runs by; tests have them both virtual. */
export interface Timing {
  readonly now: MonotonicClock;
  /** Calls back once; what is returned cancels that. */
  after(milliseconds: number, callback: () => void): () => void;
}

export const realTiming: Timing = {
  now: monotonic,
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** How far two hosts' clocks may differ in rate. NTP slews by 0.05 % at most; virtual machines are worse. */
const CLOCK_RATES_DIFFER = 0.02;
/** From the check of a grant to when what it allowed is done: a reply on its way to the socket, a thread that waits for a core. */
const CHECK_TO_EFFECT_MILLISECONDS = 50;

/**
 * What is taken off the lease time for a grant's `until`, milliseconds: 110 of a lease of 3,000. It does not cover a
 * virtual machine whose clock stands still together with it: the token in every state write and the `fence` command do.
 */
export function marginOf(leaseMilliseconds: number): number {
  return Math.min(leaseMilliseconds / 4, leaseMilliseconds * CLOCK_RATES_DIFFER + CHECK_TO_EFFECT_MILLISECONDS);
}

/** How long one call may take before it rejects: two tries fit in a lease. */
export function patienceOf(leaseMilliseconds: number): number {
  return leaseMilliseconds / 2;
}

/** Runs work that rejects with {@link CoordinatorLost} when its time is over, though what it waits for goes on. */
export async function withDeadline<T>(
  timing: Timing,
  milliseconds: number,
  what: string,
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  const deadline = new Deadline(timing, milliseconds, what);
  try {
    return await work(deadline);
  } finally {
    deadline.end();
  }
}

/** Whatever else goes wrong with what the nodes share is the coordinator's loss too. */
export function rejectAsLost(error: unknown): never {
  if (error instanceof CoordinatorLost || error instanceof LeaseLost) throw error;
  throw new CoordinatorLost(error instanceof Error ? error.message : String(error), { cause: error });
}

/** When a call has to be over. */
export class Deadline {
  private readonly timing: Timing;
  private readonly milliseconds: number;
  private readonly what: string;
  private readonly at: number;
  /** What went wrong last before the time was over, for the error. */
  reason = '';
  private readonly cancel: () => void;
  private readonly waiting = new Set<(error: CoordinatorLost) => void>();
  private over = false;

  constructor(timing: Timing, milliseconds: number, what: string) {
    this.timing = timing;
    this.milliseconds = milliseconds;
    this.what = what;
    this.at = timing.now() + milliseconds;
    this.cancel = timing.after(milliseconds, () => this.expire());
  }

  /** Milliseconds left, 0 at least. */
  get left(): number {
    return this.over ? 0 : Math.max(0, this.at - this.timing.now());
  }

  /** Throws when the time is over. A process that was stopped finds out here, before its timers run. */
  check(): void {
    if (this.left === 0) throw this.error();
  }

  /** The promise's outcome, or a rejection when the time is over. */
  race<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting.add(reject);
      const settled = () => this.waiting.delete(reject);
      promise.then(
        (value) => {
          settled();
          if (this.left === 0) reject(this.error());
          else resolve(value);
        },
        (error: unknown) => {
          settled();
          reject(error);
        },
      );
    });
  }

  end(): void {
    this.over = true;
    this.cancel();
  }

  private expire(): void {
    this.over = true;
    const error = this.error();
    for (const reject of this.waiting) reject(error);
    this.waiting.clear();
  }

  private error(): CoordinatorLost {
    const reason = this.reason === '' ? '' : ` (${this.reason})`;
    return new CoordinatorLost(`${this.what}: no answer within ${Math.round(this.milliseconds)} ms${reason}`);
  }
}
