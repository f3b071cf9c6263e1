import { type Caller, Dispatcher, type Outcome } from '../rpc/index.ts';
import type { XdrReader } from '../xdr/index.ts';

export interface Progress {
  /** Calls that ended since the start. */
  readonly finished: number;
  /** Calls under way. */
  readonly running: number;
  /** For how long the oldest of them has been, milliseconds; 0 if there is none. */
  readonly oldest: number;
}

/** A dispatcher that can tell whether it gets on: a server that is slow still ends calls, one that hangs does not. */
export class CountingDispatcher extends Dispatcher {
  private finished = 0;
  /** In the order in which they began. */
  private readonly running = new Set<{ readonly since: number }>();

  override dispatch(from: XdrReader, caller: Caller): Outcome {
    const outcome = super.dispatch(from, caller);
    if (typeof outcome === 'boolean') {
      this.finished += 1;
      return outcome;
    }
    const call = { since: performance.now() };
    this.running.add(call);
    return outcome.finally(() => {
      this.running.delete(call);
      this.finished += 1;
    });
  }

  progress(): Progress {
    const [oldest] = this.running;
    return {
      finished: this.finished,
      running: this.running.size,
      oldest: oldest === undefined ? 0 : performance.now() - oldest.since,
    };
  }
}
