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

/** What two ranges that overlap have in common. */
export function common(a: Range, b: Range): Range {
  return { start: later(a.start, b.start), end: earlier(a.end, b.end) };
}

/** What is left of a range when another is cut out of it. */
export function without(range: Range, cut: Range): Range[] {
  const rest: Range[] = [];
  if (range.start < cut.start) rest.push({ start: range.start, end: cut.start });
  if (range.end > cut.end) rest.push({ start: cut.end, end: range.end });
  return rest;
}

/** Cuts off a range what another covers at its ends. */
export function shrink(range: Range, cover: Range): Range {
  if (!overlap(range, cover)) return range;
  if (cover.start <= range.start) return { start: earlier(cover.end, range.end), end: range.end };
  return cover.end >= range.end ? { start: range.start, end: cover.start } : range;
}

/** The parts of a range that none of these, given by their start, covers. */
export function gapsIn(range: Range, covers: readonly Range[]): Range[] {
  const gaps: Range[] = [];
  let at = range.start;
  for (const cover of covers) {
    if (cover.start > at) gaps.push({ start: at, end: cover.start });
    if (cover.end > at) at = cover.end;
  }
  if (at < range.end) gaps.push({ start: at, end: range.end });
  return gaps;
}
