import { padding } from './reader.ts';

/** Opaque data of at least this many bytes goes out by reference; smaller data is cheaper to copy than to send apart. */
const REFERENCE_BYTES = 16 * 1024;
const SMALLEST_ARENA = 64 * 1024;
/** An arena that proved too small is followed by a larger one, up to this: a writer that is reused soon allocates no more. */
const LARGEST_ARENA = 128 * 1024;
/** Contiguous bytes that every mark has ahead of it. */
const MARK_HEADROOM = 64;

/** Bytes ready to be sent, in order. `release` is to be called once they have left. */
export interface Segment {
  readonly bytes: Buffer;
  readonly release?: (() => void) | undefined;
}

/**
 * Writes XDR (RFC 4506) into a growing arena. Several messages may follow each other in one writer;
 * {@link drain} hands them all over for one send.
 */
export class XdrWriter {
  private arena: Buffer;
  private position = 0;
  /** Start of what is not yet in `done`. */
  private start = 0;
  private done: Segment[] = [];
  private doneBytes = 0;

  constructor(bytes = SMALLEST_ARENA) {
    this.arena = Buffer.allocUnsafeSlow(bytes);
  }

  /** Bytes written since the last drain. */
  get length(): number {
    return this.doneBytes + this.position - this.start;
  }

  /** @returns the position of `bytes` fresh contiguous bytes in {@link buffer}, for a codec that writes by hand. */
  reserve(bytes: number): number {
    if (this.arena.length - this.position < bytes) this.grow(bytes);
    const at = this.position;
    this.position = at + bytes;
    return at;
  }

  /** The arena that the last {@link reserve} points into. */
  get buffer(): Buffer {
    return this.arena;
  }

  uint32(value: number): void {
    const at = this.reserve(4);
    putUint32(this.arena, at, value);
  }

  int32(value: number): void {
    this.uint32(value >>> 0);
  }

  uint64(value: bigint): void {
    const at = this.reserve(8);
    this.arena.writeBigUInt64BE(value, at);
  }

  int64(value: bigint): void {
    const at = this.reserve(8);
    this.arena.writeBigInt64BE(value, at);
  }

  /** An unsigned hyper from a number of at most 2^53. */
  size64(value: number): void {
    const at = this.reserve(8);
    putSize64(this.arena, at, value);
  }

  bool(value: boolean): void {
    this.uint32(value ? 1 : 0);
  }

  /** `opaque<>`: length, bytes, zeros up to a multiple of four. */
  opaque(bytes: Uint8Array): void {
    this.uint32(bytes.length);
    this.fixed(bytes);
  }

  /** `opaque[n]`: bytes and zeros up to a multiple of four. */
  fixed(bytes: Uint8Array): void {
    const { length } = bytes;
    const pad = padding(length);
    const at = this.reserve(length + pad);
    this.arena.set(bytes, at);
    for (let i = 0; i < pad; i++) this.arena[at + length + i] = 0;
  }

  /** Bytes that are XDR already. */
  raw(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.arena.set(bytes, at);
  }

  /**
   * `opaque<>` of bulk data. Large data is not copied: it is sent from `bytes`, which must stay as it is until
   * `release` is called. Small data is copied and released at once.
   */
  bulk(bytes: Buffer, release?: () => void): void {
    if (bytes.length < REFERENCE_BYTES) {
      this.opaque(bytes);
      release?.();
      return;
    }
    this.uint32(bytes.length);
    this.close();
    this.done.push({ bytes, release });
    this.doneBytes += bytes.length;
    for (let i = padding(bytes.length); i > 0; i--) this.arena[this.reserve(1)] = 0;
  }

  /** Where a message begins: give it to {@link truncate} to take the message back, or to {@link patch}. */
  mark(): Mark {
    // A message's first words must lie where the mark says, so they may not be what makes the arena grow.
    if (this.arena.length - this.position < MARK_HEADROOM) this.grow(MARK_HEADROOM);
    const { arena, position, start } = this;
    return { arena, position, start, segments: this.done.length, bytes: this.doneBytes };
  }

  /** Overwrites the word at the mark: a length that was not known when the message began. */
  patch(mark: Mark, value: number): void {
    putUint32(mark.arena, mark.position, value);
  }

  /** Bytes written since the mark. */
  since(mark: Mark): number {
    return this.length - (mark.bytes + mark.position - mark.start);
  }

  /** Takes back everything written since the mark; what it referred to is released. */
  truncate(mark: Mark): void {
    for (const segment of this.done.splice(mark.segments)) segment.release?.();
    this.arena = mark.arena;
    this.position = mark.position;
    this.start = mark.start;
    this.doneBytes = mark.bytes;
  }

  /** Everything written since the last drain, in order. The writer starts afresh and does not touch these bytes again. */
  drain(): Segment[] {
    this.close();
    const { done } = this;
    this.done = [];
    this.doneBytes = 0;
    return done;
  }

  /** Everything drained has been sent: its memory may be written again. Only after {@link drain}, with nothing written since. */
  reuse(): void {
    this.position = 0;
    this.start = 0;
  }

  /** Everything written since the last drain in one buffer of its own. For tests and datagrams. */
  toBuffer(): Buffer {
    const segments = this.drain();
    const joined = Buffer.concat(segments.map((segment) => segment.bytes));
    for (const segment of segments) segment.release?.();
    return joined;
  }

  private close(): void {
    if (this.position > this.start) {
      this.done.push({ bytes: this.arena.subarray(this.start, this.position) });
      this.doneBytes += this.position - this.start;
      this.start = this.position;
    }
  }

  private grow(bytes: number): void {
    this.close();
    this.arena = Buffer.allocUnsafeSlow(
      Math.max(SMALLEST_ARENA, Math.min(2 * this.arena.length, LARGEST_ARENA), bytes),
    );
    this.position = 0;
    this.start = 0;
  }
}

/** A place in a writer, valid until the next drain. */
export interface Mark {
  readonly arena: Buffer;
  readonly position: number;
  readonly start: number;
  readonly segments: number;
  readonly bytes: number;
}

export function putUint32(buffer: Uint8Array, at: number, value: number): void {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
}

export function putSize64(buffer: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 0x1_0000_0000);
  putUint32(buffer, at, high);
  // Not `%`: on numbers beyond 32 bits that is a call of fmod(3), and two of these are in every fattr3.
  putUint32(buffer, at + 4, value - high * 0x1_0000_0000);
}
