import type { File } from '../../exports/contract.ts';
import { FsError } from '../../vfs/index.ts';

/** A cookie from here on stands for one of the kernel's that is larger than 31 bits. */
const LARGE = 0x8000_0000;
/** What the kernel gives behind the last entry, and what we make of it. */
const END = 0x7fff_ffff_ffff_ffffn;
const SHORT_END = 0xffff_ffff;
/** Positions remembered for file systems whose own say nothing when they are cut. */
const REMEMBERED = 65_536;

/**
 * Directory cookies in the four bytes that NFSv2 has (RFC 1094 §2.2.17), where the kernel's have eight.
 *
 * Most are small and stay what they are: xfs, btrfs and tmpfs count. ext4's are hashes of the names, of which the upper
 * half alone is a position, too: nothing has to be remembered, and every server understands what another gave out.
 * Other file systems' large ones are remembered, the latest some ten thousand of them; after a restart a client that
 * is in the middle of such a directory gets an error.
 */
export class ShortCookies {
  readonly #positions = new Map<string, bigint>();
  readonly #capacity: number;

  constructor(capacity = REMEMBERED) {
    this.#capacity = capacity;
  }

  shorten(directory: File, cookie: bigint): number {
    if (cookie < LARGE) return Number(cookie);
    if (cookie === END) return SHORT_END;
    return isHashed(directory) ? upperHalf(cookie) : this.#remember(directory, cookie);
  }

  /** The opposite of {@link shorten}. Throws BAD_COOKIE for one that was forgotten. */
  lengthen(directory: File, short: number): bigint {
    if (short < LARGE) return BigInt(short);
    if (short === SHORT_END) return END;
    if (isHashed(directory)) return BigInt(short - LARGE) << 32n;
    const position = this.#positions.get(keyOf(directory, short));
    if (position === undefined) throw new FsError('BAD_COOKIE', 'readdir');
    return position;
  }

  #remember(directory: File, cookie: bigint): number {
    let short = digestOf(cookie);
    for (;;) {
      const key = keyOf(directory, short);
      const known = this.#positions.get(key);
      if (known === undefined) {
        for (const [oldest] of this.#positions) {
          if (this.#positions.size < this.#capacity) break;
          this.#positions.delete(oldest);
        }
        this.#positions.set(key, cookie);
        return short;
      }
      if (known === cookie) return short;
      // Another position of this directory has the same digest.
      short = short + 1 < SHORT_END ? short + 1 : LARGE;
    }
  }
}

/**
 * How many entries from the start may be given, so that the cookie of the last is a position of its own when it is cut:
 * of names with the same upper half of their hash, the first stands for all.
 * @param from the cookie that the listing began behind. Throws TOOSMALL if such names alone fill it.
 */
export function wholeHashes(directory: File, from: bigint, cookies: readonly bigint[]): number {
  if (!isHashed(directory)) return cookies.length;
  for (let count = cookies.length; count > 0; count--) {
    const [before = from, last = from] = [cookies[count - 2], cookies[count - 1]];
    if (upperHalf(before) !== upperHalf(last)) return count;
  }
  if (cookies.length > 0) throw new FsError('TOOSMALL', 'readdir');
  return 0;
}

function isHashed({ view }: File): boolean {
  return view.fileSystem.limits.hashedCookies;
}

function upperHalf(cookie: bigint): number {
  return LARGE + Number((cookie >> 32n) & 0x7fff_ffffn);
}

function digestOf(cookie: bigint): number {
  const mixed = BigInt.asUintN(64, (cookie ^ (cookie >> 32n)) * 0x9e37_79b9_7f4a_7c15n);
  return LARGE + Number(mixed >> 33n) - (mixed >> 33n === 0x7fff_ffffn ? 1 : 0);
}

function keyOf({ view, inode }: File, short: number): string {
  return `${view.fsidHigh}.${view.fsidLow}.${short}.${inode.body.toString('latin1')}`;
}
