import { spaceOf } from './limits.ts';

/**
 * A write to the page cache that took longer was made to wait until others are on disk. On a busy machine, a thread
 * that was merely put aside by the scheduler is back before that.
 */
const SLOW_MS = 10;
/** For how long writes then go through the thread pool. */
const THROTTLED_MS = 1000;
/** How often the space left is looked at, and how little of it is little. */
const SPACE_MS = 250;
const LITTLE_SPACE = 256n << 20n;

/** What writing to a volume is like at the moment. */
export class Pressure {
  readonly #rootFd: number;
  readonly #memory: boolean;
  #throttledUntil = 0;
  #spaceUntil = 0;
  #nearlyFull = false;
  /** The file system can say that a write would wait. */
  nowait = true;

  constructor(rootFd: number, memory: boolean) {
    this.#rootFd = rootFd;
    this.#memory = memory;
  }

  /** A write took this long. */
  took(milliseconds: number): void {
    if (milliseconds > SLOW_MS) this.#throttledUntil = performance.now() + THROTTLED_MS;
  }

  get throttled(): boolean {
    return this.#throttledUntil !== 0 && performance.now() < this.#throttledUntil;
  }

  /** True if so little space is left that it matters who writes. */
  get nearlyFull(): boolean {
    if (this.#memory) return false;
    const now = performance.now();
    if (now >= this.#spaceUntil) {
      const space = spaceOf(this.#rootFd);
      this.#nearlyFull = space.availableBytes < LITTLE_SPACE && space.freeBytes > space.availableBytes;
      this.#spaceUntil = now + SPACE_MS;
    }
    return this.#nearlyFull;
  }
}
