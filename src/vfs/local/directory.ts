/** One entry as getdents64(2) gives it. */
export interface RawEntry {
  readonly name: Buffer;
  /** The name as a key: a character for each byte. */
  readonly key: string;
  readonly ino: bigint;
  /** The position behind it. */
  readonly next: bigint;
  readonly isDirectory: boolean;
}

const DT_DIR = 4;
/** `d_ino` 8, `d_off` 8, `d_reclen` 2, `d_type` 1, then the name up to NUL. */
const NAME = 19;

/** The entries in the first `length` bytes of what getdents64 wrote. The names are in memory of their own. */
export function parseEntries(buffer: Buffer, length: number): RawEntry[] {
  const copy = Buffer.from(buffer.subarray(0, length));
  const entries: RawEntry[] = [];
  for (let at = 0; at + NAME <= length; ) {
    const size = copy.readUInt16LE(at + 16);
    if (size < NAME || at + size > length) throw new RangeError('getdents64: a record beyond the end');
    const start = at + NAME;
    let end = start;
    while (end < at + size && copy[end] !== 0) end += 1;
    entries.push({
      name: copy.subarray(start, end),
      key: copy.toString('latin1', start, end),
      ino: copy.readBigUInt64LE(at),
      next: copy.readBigInt64LE(at + 8),
      isDirectory: copy[at + 18] === DT_DIR,
    });
    at += size;
  }
  return entries;
}

export function isDot(name: Buffer): boolean {
  return name.length === 1 && name[0] === 0x2e;
}

export function isDotDot(name: Buffer): boolean {
  return name.length === 2 && name[0] === 0x2e && name[1] === 0x2e;
}
