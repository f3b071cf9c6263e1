import type { Timing } from '../../../src/ha/coordinator/timing.ts';
import type { VirtualTime } from './virtual-time.ts';

export type Random = () => number;

/** Numbers in [0, 1) that a seed decides (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How far clocks differ in rate: near what the margin is for. */
const MOST_APART = 0.02;

/**
 * A host with a clock of its own, which starts anywhere and goes a little wrong, that can be stopped (its clock goes on)
 * and cut off from what the nodes share (its requests hang, and go on later).
 */
export class SimulatedHost implements Timing {
  readonly node: string;
  readonly time: VirtualTime;
  readonly random: Random;
  private readonly rate: number;
  private readonly offset: number;
  /** Of a request or an answer, at most, on most days: some are so near that only the margin is between them and a holder. */
  private readonly latency: number;
  private stoppedUntil = 0;
  private cutOffUntil = 0;

  constructor(
    node: string,
    time: VirtualTime,
    random: Random,
    rate = 1 + (random() - 0.5) * MOST_APART,
    offset = random() * 1e6,
  ) {
    this.node = node;
    this.time = time;
    this.random = random;
    this.rate = rate;
    this.offset = offset;
    this.latency = random() < 0.5 ? 0.1 : 40;
  }

  readonly now = (): number => this.time.now() * this.rate + this.offset;

  after(milliseconds: number, callback: () => void): () => void {
    let cancelled = false;
    const whenRunning = () => {
      if (cancelled) return;
      if (this.isStopped) this.time.after(this.stoppedUntil - this.time.now(), whenRunning);
      else callback();
    };
    const cancel = this.time.after(milliseconds / this.rate, whenRunning);
    return () => {
      cancelled = true;
      cancel();
    };
  }

  get isStopped(): boolean {
    return this.time.now() < this.stoppedUntil;
  }

  stop(milliseconds: number): void {
    this.stoppedUntil = this.time.now() + milliseconds;
  }

  cutOff(milliseconds: number): void {
    this.cutOffUntil = this.time.now() + milliseconds;
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.after(milliseconds, resolve));
  }

  /** Something asked of the others: it arrives after a while, and so does the answer, if this host runs then. */
  async ask<T>(effect: () => T | Promise<T>): Promise<T> {
    await this.travel();
    try {
      return await effect();
    } finally {
      await this.travel();
      while (this.isStopped) await this.time.sleep(this.stoppedUntil - this.time.now());
    }
  }

  private async travel(): Promise<void> {
    await this.time.sleep(this.random() * (this.random() < 0.03 ? 1500 : this.latency));
    while (this.time.now() < this.cutOffUntil) await this.time.sleep(this.cutOffUntil - this.time.now());
  }
}
