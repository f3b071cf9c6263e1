/** Bytes from `start` up to, not including, `end`. */
export interface Range {
  readonly start: bigint;
  readonly end: bigint;
}

/** Behind the last byte that a file can have: where a lock "to the end of the file, wherever that is" ends. */
export const END = 1n << 64n;

/**
 * The range that a request means by offset and length; a length of zero reaches to {@link END}.
 * @returns undefined if it would reach beyond that.
 */
export function rangeOf(offset: bigint, length: bigint): Range | undefined {
  const end = length === 0n ? END : offset + length;
  return end > END ? undefined : { start: offset, end };
}

/** The length as a request would have it: zero for a range up to {@link END}. */
export function lengthOf({ start, end }: Range): bigint {
  return end === END ? 0n : end - start;
}

export function overlap(a: Range, b: Range): boolean {
  return a.start < b.end && b.start < a.end;
}

export function earlier(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

export function later(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}
