import type { DurableLocks } from './durable.ts';

/** How often a lock that a program of the host stands in the way of is tried again. */
const PAUSE_MS = 50;

/** Tries the waiters again whose way a program of the host was in; the host does not tell when it lets go. */
export class Obstructions {
  private readonly locks: DurableLocks;
  private timer: NodeJS.Timeout | undefined;

  constructor(locks: DurableLocks) {
    this.locks = locks;
    // Also of one that waited for another client so far.
    locks.files.onObstructed = () => {
      if (locks.table.waiting > 0) this.watch();
    };
  }

  /** To be called when a waiter has come. */
  watch(): void {
    if (this.locks.files.obstructed.size > 0) this.timer ??= setInterval(() => this.tryAgain(), PAUSE_MS).unref();
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private tryAgain(): void {
    const { files, table } = this.locks;
    // Of those that there are now: a file that is still obstructed is put there again meanwhile.
    for (const file of [...files.obstructed]) {
      files.obstructed.delete(file);
      const effects = table.retry(file);
      if (effects.granted.length > 0) void this.locks.commitQuietly(effects);
    }
    if (files.obstructed.size === 0) this.close();
  }
}
