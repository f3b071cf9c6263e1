/** So much is looked at for one request; what a longer chain leads back to is not found out. */
const MOST_STEPS = 10_000;

/** Who waits for whom. */
export interface Waits<W> {
  /** The owners of the locks that keep a wish from being granted; an owner may be named more than once. */
  holders(wish: W): Iterable<string>;
  /** What an owner waits for. */
  wishesOf(owner: string): Iterable<W>;
}

/**
 * True if whoever waits for this wish would wait for itself: for an owner that waits for another, and so on, and the last of
 * them for what this one has. fcntl(2) calls it a deadlock, and has the one that closes the circle fail (EDEADLK).
 */
export function closesCircle<W extends { readonly owner: string }>(wish: W, { holders, wishesOf }: Waits<W>): boolean {
  const seen = new Set<string>();
  const open = [wish];
  let steps = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const holder of holders(next)) {
      if (holder === wish.owner) return true;
      if (++steps > MOST_STEPS) return false;
      if (seen.has(holder)) continue;
      seen.add(holder);
      for (const other of wishesOf(holder)) {
        if (++steps > MOST_STEPS) return false;
        open.push(other);
      }
    }
  }
  return false;
}
