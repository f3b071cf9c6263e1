import { closeSync, constants, fdatasync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { reason, StateError } from './error.ts';

/** What a record says of its call. */
export const RecordKind = { INTENT: 1, RESULT: 2, ABORTED: 3 } as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

/** Told of each record in turn: its bytes are those of `file` from `start` to `end`. */
export type RecordVisitor = (kind: RecordKind, key: string, file: Buffer, start: number, end: number) => void;

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
   * are thousands: no Buffer is made of their bytes here.
   */
  read(visit: RecordVisitor): void {
    if (this.generation === 0n) return;
    const bytes = readAll(this.fd);
    this.seed = seedOf(this.generation);
    for (this.end = HEADER_BYTES; this.end + HEAD_BYTES <= bytes.length; ) {
      const at = this.end;
      const length = bytes.readUInt32LE(at);
      const start = at + FRAME_BYTES;
      const end = start + length;
      if (length < HEAD_BYTES - FRAME_BYTES || end > bytes.length) break;
      const body = new Uint8Array(bytes.buffer, bytes.byteOffset + start, length);
      if (crc32(body, this.seed) !== bytes.readUInt32LE(at + 4)) break;
      const keyEnd = at + HEAD_BYTES + bytes.readUInt16LE(start + 2);
      const kind = bytes[start];
      if (isKind(kind)) visit(kind, bytes.toString('latin1', at + HEAD_BYTES, keyEnd), bytes, keyEnd, end);
      this.end = end;
    }
  }

  /**
   * Goes on behind the last record that was {@link read}. What lies there is cleared: a loss of power may have left records
   * of this round behind one that was lost, and they must not follow upon new ones.
   */
  resume(): void {
    this.dirty = true;
    writeAll(this.fd, Buffer.alloc(fstatSync(this.fd).size - this.end), this.end);
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
    const total = HEAD_BYTES + key.length + bytes.length;
    if (this.end + total > this.size) return false;
    scratch.writeUInt32LE(total - FRAME_BYTES, 0);
    scratch[8] = kind;
    scratch[9] = 0;
    scratch.writeUInt16LE(key.length, 10);
    scratch.write(key, HEAD_BYTES, 'latin1');
    scratch.set(bytes, HEAD_BYTES + key.length);
    scratch.writeUInt32LE(crc32(scratch.subarray(FRAME_BYTES, total), this.seed), 4);
    this.dirty = true;
    if (writeSync(this.fd, scratch, 0, total, this.end) < total) throw new Error('a record was written in part');
    this.end += total;
    return true;
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
