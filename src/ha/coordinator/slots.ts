import type { Deadline } from './timing.ts';

/**
 * So many operations on the folder are under way at once and no more. One that hangs (a hard NFS mount whose server is
 * away) keeps its slot until it ends, also when its caller was told long ago; what cannot start in time never starts.
 */
export class Slots {
  private free: number;
  private readonly waiting = new Set<() => void>();

  constructor(count: number) {
    this.free = count;
  }

  /**
   * The operation's outcome, or `CoordinatorLost` when the time is over. `ended` is called when it has really ended, or never
   * starts: before that, something may still change.
   */
  async run<T>(deadline: Deadline, operation: () => Promise<T>, ended: () => void = () => {}): Promise<T> {
    try {
      await this.enter(deadline);
    } catch (error) {
      ended();
      throw error;
    }
    const outcome = operation();
    const settled = () => {
      this.leave();
      ended();
    };
    outcome.then(settled, settled);
    return deadline.race(outcome);
  }

  /** Waits for a slot. Whoever got it calls {@link leave}. */
  async enter(deadline: Deadline): Promise<void> {
    deadline.check();
    if (this.free > 0) {
      this.free -= 1;
      return;
    }
    let wake = () => {};
    const turn = new Promise<void>((resolve) => {
      wake = resolve;
      this.waiting.add(wake);
    });
    try {
      await deadline.race(turn);
    } catch (error) {
      // The slot may have been handed over at the very moment.
      if (!this.waiting.delete(wake)) this.leave();
      throw error;
    }
  }

  leave(): void {
    const [next] = this.waiting;
    if (next === undefined) {
      this.free += 1;
      return;
    }
    this.waiting.delete(next);
    next();
  }
}
