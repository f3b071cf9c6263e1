import { readFileSync } from 'node:fs';
import koffi from 'koffi';

const MLOCK_ONFAULT = 1;
/** A line of /proc/self/maps whose pages are code that was read from a file: `start-end r-xp offset device inode path`. */
const CODE = /^([0-9a-f]+)-([0-9a-f]+) r-xp \S+ \S+ [1-9]\d* /gm;

/**
 * Keeps this process's code in memory as it comes into use: a host that runs out of memory drops code first, and would
 * have to read it again from a disk that may be what hangs. The heap cannot be kept so: V8 gives pages of it back by
 * MADV_DONTNEED, which the kernel refuses for locked ones, and ends itself. Throws without CAP_IPC_LOCK.
 * @returns how many bytes of address space.
 */
export function lockCode(): number {
  const mlock2 = koffi.load(null).func('int mlock2(uint64_t, size_t, unsigned int)');
  let bytes = 0;
  for (const [, start, end] of readFileSync('/proc/self/maps', 'latin1').matchAll(CODE)) {
    const [from, to] = [BigInt(`0x${start}`), BigInt(`0x${end}`)];
    if (mlock2(from, to - from, MLOCK_ONFAULT) !== 0) throw new Error('mlock2 is refused');
    bytes += Number(to - from);
  }
  return bytes;
}
