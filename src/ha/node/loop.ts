import type { Clock } from './ports.ts';

/** Does something again and again, never twice at once. */
export class Loop {
  private readonly clock: Clock;
  private readonly work: () => Promise<void>;
  private readonly interval: () => number;
  private cancel = () => {};
  private running: Promise<void> | undefined;
  private again = false;
  private stopped = false;

  /** @param work handles its own failures. @param interval milliseconds from one end to the next begin. */
  constructor(clock: Clock, work: () => Promise<void>, interval: () => number) {
    this.clock = clock;
    this.work = work;
    this.interval = interval;
  }

  /** Now, or once more when what is under way has ended. */
  soon(): void {
    if (this.stopped) return;
    if (this.running !== undefined) {
      this.again = true;
      return;
    }
    this.plan(0);
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancel();
    await this.running;
  }

  private plan(milliseconds: number): void {
    this.cancel();
    this.cancel = this.clock.after(milliseconds, () => {
      this.running = this.run();
    });
  }

  private async run(): Promise<void> {
    await this.work();
    this.running = undefined;
    if (this.stopped) return;
    this.plan(this.again ? 0 : this.interval());
    this.again = false;
  }
}
