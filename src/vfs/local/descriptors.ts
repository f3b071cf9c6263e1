import { FsError } from '../error.ts';
import { getrlimit, setrlimit } from './libc.ts';

const RLIMIT_NOFILE = 7;
/** What sockets, the state and the log need. */
const RESERVE = 1024;
/** More open files than this bring nothing but a longer list to look after. */
const MOST = 1_000_000;
/** Below this, one RENAME of two files in two directories could not hold what it needs. */
const LEAST = 24;

/** Something that keeps descriptors open only to be quick, and can close some. */
export interface Reclaimer {
  /** When its longest unused descriptor was last used; undefined if it has none to give. */
  oldest(): number | undefined;
  /** Closes that one. */
  reclaim(): void;
}

/** How many descriptors the file systems of this process may keep open together. */
export class DescriptorBudget {
  readonly limit: number;
  #used = 0;
  readonly #reclaimers = new Set<Reclaimer>();

  constructor(limit: number) {
    this.limit = Math.max(LEAST, Math.min(MOST, limit));
  }

  /** From RLIMIT_NOFILE, which is raised as far as it goes. */
  static ofProcess(): DescriptorBudget {
    const limit = Buffer.allocUnsafeSlow(16);
    if (getrlimit(RLIMIT_NOFILE, limit) < 0) return new DescriptorBudget(LEAST);
    const soft = limit.readBigUInt64LE(0);
    const hard = limit.readBigUInt64LE(8);
    limit.writeBigUInt64LE(hard, 0);
    const open = Number(setrlimit(RLIMIT_NOFILE, limit) === 0 ? hard : soft);
    return new DescriptorBudget(Math.max(open - RESERVE, Math.floor(open / 2)));
  }

  get used(): number {
    return this.#used;
  }

  /** True while less than half is used: things may be kept open on the chance that they are asked for. */
  get plenty(): boolean {
    return this.#used * 2 < this.limit;
  }

  /** Counts one more descriptor, closing the longest unused one if there are too many. Throws JUKEBOX if all are in use. */
  hold(): void {
    while (this.#used >= this.limit) {
      const victim = this.#pick();
      if (victim === undefined) throw new FsError('JUKEBOX', 'descriptors');
      victim.reclaim();
    }
    this.#used += 1;
  }

  release(): void {
    this.#used -= 1;
  }

  add(reclaimer: Reclaimer): void {
    this.#reclaimers.add(reclaimer);
  }

  remove(reclaimer: Reclaimer): void {
    this.#reclaimers.delete(reclaimer);
  }

  #pick(): Reclaimer | undefined {
    let best: Reclaimer | undefined;
    let bestAge = Number.POSITIVE_INFINITY;
    for (const reclaimer of this.#reclaimers) {
      const age = reclaimer.oldest();
      if (age !== undefined && age < bestAge) [best, bestAge] = [reclaimer, age];
    }
    return best;
  }
}

let shared: DescriptorBudget | undefined;

/** The budget of this process, made at first use. */
export function processBudget(): DescriptorBudget {
  shared ??= DescriptorBudget.ofProcess();
  return shared;
}
