import { closeSync, constants, fdatasync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { reason, StateError } from './error.ts';

/** What a record says of its call. */
export const RecordKind = { INTENT: 1, RESULT: 2, ABORTED: 3 } as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/** Told of each record in turn: its bytes are those of `file` from `start` to `end`. */
export type RecordVisitor = (kind: RecordKind, key: string, file: Buffer, start: number, end: number) => void;

interface Keyed {
  readonly key: string;
  readonly bytes: Uint8Array;
}

const MAGIC = 'steadfs replies\n';
/** Magic, generation, checksum of both. */
const HEADER_BYTES = MAGIC.length + 8 + 4;
/** Length and checksum of what follows; then kind and length of the key. */
const FRAME_BYTES = 8;
const HEAD_BYTES = FRAME_BYTES + 4;

/** The most that a record's key and bytes may take together: more than any call's, but for SETACL's with hundreds of entries. */
export const MAX_RECORD_BYTES = 1 << 16;

/** Where records are put together: one write is done before the next begins. */
const scratch = Buffer.allocUnsafeSlow(HEAD_BYTES + MAX_RECORD_BYTES);

/**
 * One file of the reply journal: of a fixed size and written from the start again and again. Each round has a generation
 * of its own, which every record's checksum counts in, so that what is left of earlier rounds is never taken for a record.
 *
 * The file is filled when it is made, so that a write needs no new block: it does not fail for want of space, and a flush
 * is of the data alone.
 */
export class RepliesFile {
  /** -1 once closed: another file may have the number by then. */
  private fd: number;
  private readonly size: number;
  private seed = 0;
  private end = 0;
  private dirty = false;
  /** Zero: nothing was ever written here. */
  generation = 0n;

  private constructor(fd: number, size: number) {
    this.fd = fd;
    this.size = size;
  }

  /** Throws {@link StateError} if the file cannot be had, or is something else. */
  static open(path: string, size: number): RepliesFile {
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    } catch (error) {
      throw new StateError(`cannot open ${path}: ${reason(error)}. Make it readable and writable for this user.`);
    }
    try {
      const present = fstatSync(fd).size;
      if (present < size) writeAll(fd, Buffer.alloc(size - present), present);
      const file = new RepliesFile(fd, size);
      file.generation = file.readGeneration(path);
      return file;
    } catch (error) {
      closeSync(fd);
      if (error instanceof StateError) throw error;
      throw new StateError(`cannot fill ${path}: ${reason(error)}. It needs ${size} bytes.`);
    }
  }

  /**
   * The whole records of the current round, in order. A crash leaves a torn one behind them. Clients may be waiting, and there
   * are thousands: nothing is made of those that turn out to be of no use.
   */
  read(visit: RecordVisitor): void {
    if (this.generation === 0n) return;
    const bytes = readAll(this.fd);
    const seed = seedOf(this.generation);
    for (let at = HEADER_BYTES; at + HEAD_BYTES <= bytes.length; ) {
      const length = bytes.readUInt32LE(at);
      const start = at + FRAME_BYTES;
      const end = start + length;
      if (length < HEAD_BYTES - FRAME_BYTES || end > bytes.length) break;
      if (crc32(new Uint8Array(bytes.buffer, bytes.byteOffset + start, length), seed) !== bytes.readUInt32LE(at + 4))
        break;
      const keyEnd = at + HEAD_BYTES + bytes.readUInt16LE(start + 2);
      const kind = bytes[start];
      if (isKind(kind)) visit(kind, bytes.toString('latin1', at + HEAD_BYTES, keyEnd), bytes, keyEnd, end);
      at = end;
    }
  }

  /** Begins a new round; what was here is forgotten. */
  begin(generation: bigint): void {
    const header = Buffer.alloc(HEADER_BYTES);
    header.write(MAGIC);
    header.writeBigUInt64LE(generation, MAGIC.length);
    header.writeUInt32LE(crc32(header.subarray(0, HEADER_BYTES - 4)), HEADER_BYTES - 4);
    this.generation = generation;
    this.seed = seedOf(generation);
    this.end = HEADER_BYTES;
    this.dirty = true;
    writeAll(this.fd, header, 0);
  }

  /** @returns false if the record does not fit behind the others. Throws what the system says. */
  append(kind: RecordKind, key: string, bytes: Uint8Array): boolean {
    const total = bytesOf({ key, bytes });
    if (this.end + total > this.size) return false;
    this.encode(kind, key, bytes, scratch, 0);
    this.write(scratch, total);
    return true;
  }

  /** Writes, of results that are to be kept, the latest that half of what is left of this round can take. */
  appendLatest(results: readonly Keyed[]): void {
    let room = (this.size - this.end) / 2;
    let first = results.length;
    while (first > 0 && (room -= bytesOf(results[first - 1]!)) >= 0) first -= 1;
    const latest = results.slice(first);
    const records = Buffer.allocUnsafe(latest.reduce((sum, result) => sum + bytesOf(result), 0));
    let at = 0;
    for (const { key, bytes } of latest) at = this.encode(RecordKind.RESULT, key, bytes, records, at);
    this.write(records, at);
  }

  /** What was written up to here is on stable storage when this ends. */
  async flush(): Promise<void> {
    if (!this.dirty) return;
    this.dirty = false;
    await new Promise<void>((resolve, reject) => fdatasync(this.fd, (error) => (error ? reject(error) : resolve())));
  }

  close(): void {
    closeSync(this.fd);
    this.fd = -1;
  }

  /** @returns where it ends. */
  private encode(kind: RecordKind, key: string, bytes: Uint8Array, into: Buffer, at: number): number {
    const end = at + bytesOf({ key, bytes });
    into.writeUInt32LE(end - at - FRAME_BYTES, at);
    into[at + 8] = kind;
    into[at + 9] = 0;
    into.writeUInt16LE(key.length, at + 10);
    into.write(key, at + HEAD_BYTES, 'latin1');
    into.set(bytes, at + HEAD_BYTES + key.length);
    into.writeUInt32LE(crc32(into.subarray(at + FRAME_BYTES, end), this.seed), at + 4);
    return end;
  }

  private write(records: Buffer, length: number): void {
    this.dirty = true;
    if (writeSync(this.fd, records, 0, length, this.end) < length) throw new Error('a record was written in part');
    this.end += length;
  }

  /** Zero for a file without a whole header, as the first start and a power loss leave it. */
  private readGeneration(path: string): bigint {
    const header = Buffer.alloc(HEADER_BYTES);
    readSync(this.fd, header, 0, HEADER_BYTES, 0);
    const isOurs = header.toString('latin1', 0, MAGIC.length) === MAGIC;
    if (!isOurs && header.some((byte) => byte !== 0)) {
      throw new StateError(`${path} is not a reply journal of steadfs. Move it away, or name another state directory.`);
    }
    const isWhole = isOurs && crc32(header.subarray(0, HEADER_BYTES - 4)) === header.readUInt32LE(HEADER_BYTES - 4);
    return isWhole ? header.readBigUInt64LE(MAGIC.length) : 0n;
  }
}

function seedOf(generation: bigint): number {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(generation);
  return crc32(bytes);
}

function bytesOf({ key, bytes }: Keyed): number {
  return HEAD_BYTES + key.length + bytes.length;
}

function isKind(kind: number | undefined): kind is RecordKind {
  return kind === RecordKind.INTENT || kind === RecordKind.RESULT || kind === RecordKind.ABORTED;
}

function readAll(fd: number): Buffer {
  const bytes = Buffer.allocUnsafe(fstatSync(fd).size);
  let length = 0;
  for (let got = -1; got !== 0 && length < bytes.length; length += got) {
    got = readSync(fd, bytes, length, bytes.length - length, length);
  }
  return bytes.subarray(0, length);
}

function writeAll(fd: number, bytes: Buffer, at: number): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(fd, bytes, written, bytes.length - written, at + written);
  }
}
