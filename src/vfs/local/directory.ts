/** One entry as getdents64(2) gives it. */
export interface RawEntry {
  readonly name: Buffer;
  readonly ino: bigint;
  /** The position behind it. */
  readonly next: bigint;
  readonly isDirectory: boolean;
}

const DT_DIR = 4;
/** `d_ino` 8, `d_off` 8, `d_reclen` 2, `d_type` 1, then the name up to NUL. */
const NAME = 19;

/** The entries in the first `length` bytes of what getdents64 wrote. The names are copies. */
export function* parseEntries(buffer: Buffer, length: number): Generator<RawEntry> {
  for (let at = 0; at + NAME <= length; ) {
    const size = buffer.readUInt16LE(at + 16);
    if (size < NAME || at + size > length) throw new RangeError('getdents64: a record beyond the end');
    const end = buffer.indexOf(0, at + NAME);
    yield {
      name: Buffer.from(buffer.subarray(at + NAME, end < 0 || end > at + size ? at + size : end)),
      ino: buffer.readBigUInt64LE(at),
      next: buffer.readBigInt64LE(at + 8),
      isDirectory: buffer[at + 18] === DT_DIR,
    };
    at += size;
  }
}

export function isDot(name: Buffer): boolean {
  return name.length === 1 && name[0] === 0x2e;
}

export function isDotDot(name: Buffer): boolean {
  return name.length === 2 && name[0] === 0x2e && name[1] === 0x2e;
}
