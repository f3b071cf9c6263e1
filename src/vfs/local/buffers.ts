import { addressOf } from './libc.ts';

/** Memory with a known address, for the system calls that take an `iovec`. */
export interface Block {
  readonly memory: Buffer;
  readonly addressLow: number;
  readonly addressHigh: number;
}

export function makeBlock(size: number): Block {
  const memory = Buffer.allocUnsafeSlow(size);
  const address = addressOf(memory);
  return { memory, addressLow: Number(address & 0xffff_ffffn), addressHigh: Number(address >> 32n) };
}

/** The most that one READ gives. */
export const LARGEST_READ = 1 << 20;

/** Sizes of read buffers, and how many of each are kept for the next reads. */
const CLASSES = [
  { size: 1 << 12, kept: 1024 },
  { size: 1 << 16, kept: 128 },
  { size: LARGEST_READ, kept: 32 },
].map((each) => ({ ...each, free: [] as Block[] }));

/** A block of at least `size` bytes, of at most {@link LARGEST_READ}. */
export function takeBlock(size: number): Block {
  const kind = CLASSES.find((each) => size <= each.size)!;
  return kind.free.pop() ?? makeBlock(kind.size);
}

export function giveBlock(block: Block): void {
  const kind = CLASSES.find((each) => block.memory.length === each.size)!;
  if (kind.free.length < kind.kept) kind.free.push(block);
}

/** One `struct iovec`, filled in place: nothing is made for a call. */
export const vector = Buffer.allocUnsafeSlow(16);
const words = new Uint32Array(vector.buffer, vector.byteOffset, 4);

/** Points {@link vector} to the first `length` bytes of a block from `start` on. */
export function aim(block: Block, length: number): Buffer {
  words[0] = block.addressLow;
  words[1] = block.addressHigh;
  words[2] = length;
  words[3] = 0;
  return vector;
}
