/** Input that is not valid XDR for the declared type (RFC 4506). A server answers it with GARBAGE_ARGS. */
export class XdrError extends Error {
  override readonly name = 'XdrError';
}

const NO_SEGMENTS: readonly Buffer[] = [];

/**
 * Reads XDR (RFC 4506) from a message that may lie in several buffers, as the transport received it.
 *
 * Everything but bulk data is read from one contiguous buffer; {@link segments} hands bulk data over without copying.
 * A reader that runs past the first buffer joins the rest, so a caller never sees the seams.
 */
export class XdrReader {
  /** The contiguous part being read. */
  buffer: Buffer;
  /** Next byte to read in `buffer`. */
  position: number;
  private end: number;
  private rest: readonly Buffer[];
  private restBytes = 0;

  constructor(buffer: Buffer, position = 0, end = buffer.length, rest: readonly Buffer[] = NO_SEGMENTS) {
    this.buffer = buffer;
    this.position = position;
    this.end = end;
    this.rest = rest;
    for (const segment of rest) this.restBytes += segment.length;
  }

  /** Points the reader at another message; saves an allocation per call on the hot path. */
  reset(buffer: Buffer, position: number, end: number, rest: readonly Buffer[] = NO_SEGMENTS): void {
    this.buffer = buffer;
    this.position = position;
    this.end = end;
    this.rest = rest;
    this.restBytes = 0;
    for (const segment of rest) this.restBytes += segment.length;
  }

  /** Bytes not yet read. */
  get remaining(): number {
    return this.end - this.position + this.restBytes;
  }

  /** @returns the position of the next `bytes` contiguous bytes, which are now read. */
  take(bytes: number): number {
    if (this.end - this.position < bytes) this.join(bytes);
    const at = this.position;
    this.position = at + bytes;
    return at;
  }

  uint32(): number {
    const at = this.take(4);
    const b = this.buffer;
    return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;
  }

  int32(): number {
    return this.uint32() | 0;
  }

  uint64(): bigint {
    const at = this.take(8);
    return this.buffer.readBigUInt64BE(at);
  }

  int64(): bigint {
    const at = this.take(8);
    return this.buffer.readBigInt64BE(at);
  }

  /** An unsigned hyper as a number: exact up to 2^53, rounded above, so a caller compares with its limit before use. */
  size64(): number {
    const high = this.uint32();
    return high * 0x1_0000_0000 + this.uint32();
  }

  bool(): boolean {
    const value = this.uint32();
    if (value > 1) throw new XdrError(`a boolean of ${value}`);
    return value === 1;
  }

  /** `opaque<max>`: a view, not a copy; it is valid as long as the message is. */
  opaque(max: number): Buffer {
    return this.fixed(this.length(max));
  }

  /**
   * `opaque[length]`: a view, not a copy.
   *
   * RFC 4506 §4.9 wants zeros in the fill bytes. Some senders leave rubbish there, and no meaning hangs on it,
   * so they are passed over unread.
   */
  fixed(length: number): Buffer {
    const at = this.take(length + padding(length));
    return this.buffer.subarray(at, at + length);
  }

  /** The length word of a counted type, bounded before anything is allocated for it. */
  length(max: number): number {
    const length = this.uint32();
    if (length > max) throw new XdrError(`a length of ${length}, where at most ${max} is allowed`);
    if (length > this.remaining) throw new XdrError(`a length of ${length} with ${this.remaining} bytes left`);
    return length;
  }

  /** `opaque<max>` of bulk data, as the pieces it was received in, without copying them together. */
  segments(max: number): Buffer[] {
    const length = this.length(max);
    const pieces: Buffer[] = [];
    let missing = length;
    while (missing > 0) {
      if (this.position === this.end) this.advance();
      const here = Math.min(missing, this.end - this.position);
      if (here > 0) pieces.push(this.buffer.subarray(this.position, this.position + here));
      this.position += here;
      missing -= here;
    }
    this.take(padding(length));
    return pieces;
  }

  /** Everything not yet read, joined, without reading it. */
  peek(): Buffer {
    if (this.rest.length > 0) this.join(this.remaining);
    return this.buffer.subarray(this.position, this.end);
  }

  /** The message must end here: leftover bytes mean that sender and receiver disagree about the type. */
  finish(): void {
    if (this.remaining !== 0) throw new XdrError(`${this.remaining} bytes left over`);
  }

  private advance(): void {
    const [next, ...rest] = this.rest;
    if (next === undefined) throw new XdrError('the message ends too early');
    this.buffer = next;
    this.position = 0;
    this.end = next.length;
    this.rest = rest;
    this.restBytes -= next.length;
  }

  private join(bytes: number): void {
    if (this.remaining < bytes) throw new XdrError(`${bytes} bytes wanted, ${this.remaining} left`);
    const joined = Buffer.concat([this.buffer.subarray(this.position, this.end), ...this.rest]);
    this.buffer = joined;
    this.position = 0;
    this.end = joined.length;
    this.rest = NO_SEGMENTS;
    this.restBytes = 0;
  }
}

/** Bytes that fill an opaque of this length up to a multiple of four (RFC 4506 §4.9). */
export function padding(length: number): number {
  return -length & 3;
}
