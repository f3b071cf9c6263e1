/**
 * Blocks lent at once. More large records than that under way at once are received into memory made for them, so that
 * clients who begin records and do not end them cannot take all there is.
 */
const MOST_LENT = 64;
/** Blocks kept for the next records. */
const MOST_KEPT = 16;

/**
 * Memory that large records are received into, lent for one record at a time. A MiB made anew for each WRITE costs the
 * kernel its pages' zeros and the garbage collector its round, together more than writing the file.
 */
export class RecordMemory {
  readonly #blockBytes: number;
  readonly #kept: Buffer[] = [];
  #lent = 0;

  constructor(blockBytes: number) {
    this.#blockBytes = blockBytes;
  }

  /** A block, of which every byte taken must come back by {@link give}; undefined if too many are lent. */
  take(): Buffer | undefined {
    if (this.#lent === MOST_LENT) return undefined;
    this.#lent += 1;
    // The one used last is the likeliest to be in the processor's cache.
    return this.#kept.pop() ?? Buffer.allocUnsafeSlow(this.#blockBytes);
  }

  give(block: Buffer): void {
    this.#lent -= 1;
    if (this.#kept.length < MOST_KEPT) this.#kept.push(block);
  }
}
