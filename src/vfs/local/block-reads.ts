import { existsSync } from 'node:fs';
import { getrusage } from './libc.ts';

const RUSAGE_SELF = 0;
/** `ru_inblock` in `struct rusage`. */
const IN_BLOCK = 88;
const usage = Buffer.allocUnsafeSlow(144);
/** The kernel counts blocks only with task accounting (CONFIG_TASK_IO_ACCOUNTING), which also makes this file. */
const isCounted = existsSync('/proc/self/io');
let uncounted = 0;

/**
 * How many blocks this process, with all of its threads, has read from disks. Two equal numbers say that nothing in
 * between waited for a disk; a clock would not, since a busy machine makes everything slow. Where the kernel does not
 * count, no two numbers are equal.
 */
export function blocksRead(): number {
  if (!isCounted) return ++uncounted;
  getrusage(RUSAGE_SELF, usage);
  return usage.readUInt32LE(IN_BLOCK) + usage.readUInt32LE(IN_BLOCK + 4) * 0x1_0000_0000;
}

let asked = 0;

/** True if blocks were read since this was last asked. The count takes a look at every thread: ask only where a clock is suspicious. */
export function hasReadBlocks(): boolean {
  const now = blocksRead();
  const isMore = now !== asked;
  asked = now;
  return isMore;
}
