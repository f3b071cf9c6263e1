import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { reason, StateError } from './error.ts';

const MAGIC = 'steadfs journal\n';
/** Magic, then a 64-bit generation: of two files, the one with the lower was written first. */
const HEADER_BYTES = MAGIC.length + 8;
/** Length and checksum. */
const FRAME_BYTES = 8;

/**
 * Records that survive a crash of the process from the moment {@link append} returns, at the price of one write(2): the
 * kernel keeps what was written. They are not flushed to disk; after a power loss the latest may be missing.
 *
 * Two files take turns, so that records can be settled elsewhere while new ones come in.
 */
export class Journal {
  private readonly fds: readonly [number, number];
  private active: 0 | 1 = 0;
  private generation: bigint;
  /** Bytes in the active file. */
  private length = 0;
  /** What {@link open} found, in the order it was written. */
  readonly found: readonly Buffer[];

  private constructor(fds: readonly [number, number], found: readonly Buffer[], generation: bigint) {
    this.fds = fds;
    this.found = found;
    this.generation = generation;
  }

  /** Opens `<path>.0` and `<path>.1`. The records found stay in the files until {@link clear}. */
  static open(path: string): Journal {
    const paths = [`${path}.0`, `${path}.1`] as const;
    const first = openFile(paths[0]);
    const second = openFile(paths[1]);
    const [older, newer] = inOrder(readRecords(first, paths[0]), readRecords(second, paths[1]));
    return new Journal([first, second], [...older.records, ...newer.records], newer.generation + 1n);
  }

  /** All records of both files are settled elsewhere. */
  clear(): void {
    for (const fd of this.fds) ftruncateSync(fd, 0);
    this.length = 0;
  }

  append(records: readonly Uint8Array[]): void {
    const parts: Uint8Array[] = this.length === 0 ? [this.header()] : [];
    for (const record of records) parts.push(frame(record), record);
    const bytes = Buffer.concat(parts);
    const fd = this.fds[this.active];
    try {
      let written = 0;
      while (written < bytes.length) {
        written += writeSync(fd, bytes, written, bytes.length - written, this.length + written);
      }
    } catch (error) {
      // Half a record at the end would hide the whole ones that follow it.
      ftruncateSync(fd, this.length);
      throw error;
    }
    this.length += bytes.length;
  }

  /** From here on records go to the other file, which must be settled. @returns what forgets those up to here. */
  turn(): () => void {
    const fd = this.fds[this.active];
    this.active = this.active === 0 ? 1 : 0;
    this.generation++;
    this.length = 0;
    return () => ftruncateSync(fd, 0);
  }

  close(): void {
    for (const fd of this.fds) closeSync(fd);
  }

  private header(): Buffer {
    const header = Buffer.alloc(HEADER_BYTES);
    header.write(MAGIC);
    header.writeBigUInt64LE(this.generation, MAGIC.length);
    return header;
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (error) {
    throw new StateError(`cannot open ${path}: ${reason(error)}. Make it readable and writable for this user.`);
  }
}

function frame(record: Uint8Array): Buffer {
  const header = Buffer.alloc(FRAME_BYTES);
  header.writeUInt32LE(record.length, 0);
  header.writeUInt32LE(crc32(record), 4);
  return header;
}

interface JournalFile {
  readonly generation: bigint;
  readonly records: readonly Buffer[];
}

function inOrder(a: JournalFile, b: JournalFile): [older: JournalFile, newer: JournalFile] {
  return a.generation < b.generation ? [a, b] : [b, a];
}

/** The whole records at the start of a file. A crash leaves a torn one behind them, a power loss also zeros or rubbish. */
function readRecords(fd: number, path: string): JournalFile {
  const bytes = Buffer.alloc(fstatSync(fd).size);
  let length = 0;
  for (let got = -1; got !== 0 && length < bytes.length; length += got) {
    got = readSync(fd, bytes, length, bytes.length - length, length);
  }
  const records: Buffer[] = [];
  if (length < HEADER_BYTES) return { generation: 0n, records };
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    if (bytes.every((byte) => byte === 0)) return { generation: 0n, records };
    throw new StateError(
      `${path} is not a journal of steadfs. Move it away; files found since the last flush may become stale.`,
    );
  }
  let at = HEADER_BYTES;
  while (at + FRAME_BYTES <= length) {
    const size = bytes.readUInt32LE(at);
    const record = bytes.subarray(at + FRAME_BYTES, at + FRAME_BYTES + size);
    if (size === 0 || record.length < size || crc32(record) !== bytes.readUInt32LE(at + 4)) break;
    records.push(record);
    at += FRAME_BYTES + size;
  }
  return { generation: bytes.readBigUInt64LE(MAGIC.length), records };
}
