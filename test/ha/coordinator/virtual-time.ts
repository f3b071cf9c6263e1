import type { Timing } from '../../../src/ha/coordinator/timing.ts';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that moves when it is told to, and the timers that hang on it. */
export class VirtualTime implements Timing {
  private time: number;
  private order = 0;
  private readonly timers = new Set<Timer>();

  constructor(time = 1000) {
    this.time = time;
  }

  readonly now = (): number => this.time;

  after(milliseconds: number, callback: () => void): () => void {
    const timer = { at: this.time + Math.max(0, milliseconds), order: this.order++, callback };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.after(milliseconds, resolve));
  }

  /** Lets time pass: timers fire in order, each with the clock at its moment, and all that follows from one runs before the next. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    await settle();
    for (let timer = this.next(); timer !== undefined && timer.at <= end; timer = this.next()) {
      this.timers.delete(timer);
      this.time = Math.max(this.time, timer.at);
      timer.callback();
      await settle();
    }
    this.time = end;
  }

  private next(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.timers) {
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order))
        first = timer;
    }
    return first;
  }
}

/** Ends when no promise has anything left to do. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
