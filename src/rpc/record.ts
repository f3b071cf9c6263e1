import type { RecordMemory } from './record-memory.ts';

/** A record that is larger than the server takes, or cut into absurdly many fragments: the connection cannot be trusted. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

const EMPTY = Buffer.alloc(0);
/** Pieces of at least this size are kept as they came; smaller ones are copied together. */
const KEEP_BYTES = 4096;
const COLLECT_BYTES = 16 * 1024;
/** What is collected first is most often a header alone. */
const COLLECT_FIRST_BYTES = 2 * 1024;
/** A fragment of which at least so much is still to come is worth memory of its own. */
const LARGE_BYTES = 32 * 1024;
/**
 * The first bytes of a record never lie in lent memory: they hold RPC's header and every argument but bulk data, which
 * is looked at for longer than the record lives.
 */
export const HEAD_BYTES = 1024;

/**
 * Takes a TCP byte stream apart into records (RFC 5531 §11): each a run of fragments, each behind a word that holds its
 * length and, in the top bit, whether it is the last.
 *
 * A record that lies in one chunk is handed over in place. One that arrives in many pieces is handed over as a list,
 * with small pieces copied together, so that a sender of one-byte fragments costs time and memory in proportion to its
 * bytes and no more. The bulk of a large record can be received right where it stays, see {@link room}.
 */
export class RecordReader {
  /** The record last found by {@link next}: its first contiguous bytes, `buffer[start..end)`, ... */
  buffer: Buffer = EMPTY;
  start = 0;
  end = 0;
  /** ... and what follows them. */
  rest: readonly Buffer[] = [];

  private readonly maxBytes: number;
  private readonly memory: RecordMemory | undefined;
  private chunk: Buffer = EMPTY;
  private position = 0;
  private readonly waiting: Buffer[] = [];

  private mark = 0;
  private markBytes = 0;
  /** Bytes of the current fragment still to come; only meaningful once its mark is complete. */
  private missing = 0;
  private inFragment = false;
  private lastFragment = false;
  /** Bytes of the current record that its marks have announced, and those of them that have come. */
  private recordBytes = 0;
  private recordReceived = 0;
  private pieces: Buffer[] = [];
  /** Room left behind the last piece, if that piece is a collecting buffer of our own. */
  private collecting: Buffer | undefined;
  private collected = 0;

  /** Lent memory with bytes of this record, how many of them there are, and where those of this fragment begin. */
  private block: Buffer | undefined;
  private blockBytes = 0;
  private blockStart = 0;

  /**
   * @param maxBytes the largest record taken.
   * @param memory where the bulk of large records goes; its blocks are no smaller than `maxBytes`.
   */
  constructor(maxBytes: number, memory?: RecordMemory) {
    this.maxBytes = maxBytes;
    this.memory = memory;
  }

  /** Bytes from the stream. They must stay as they are until the record they belong to has been dealt with. */
  push(chunk: Buffer): void {
    if (this.position === this.chunk.length) {
      this.chunk = chunk;
      this.position = 0;
    } else {
      this.waiting.push(chunk);
    }
  }

  /**
   * Where the stream's next bytes are to be put if they belong to the bulk of a large record; {@link filled} then takes
   * the place of {@link push}. Undefined: anywhere. Only after {@link next} has found nothing more.
   */
  room(): Buffer | undefined {
    const isUnderWay = this.blockBytes > this.blockStart;
    if (!this.inFragment || (!isUnderWay && (this.missing < LARGE_BYTES || this.recordReceived < HEAD_BYTES))) {
      return undefined;
    }
    this.block ??= this.memory?.take();
    return this.block?.subarray(this.blockBytes, this.blockBytes + this.missing);
  }

  /** So many bytes of the stream are now in {@link room}. */
  filled(bytes: number): void {
    this.blockBytes += bytes;
    this.missing -= bytes;
    this.recordReceived += bytes;
    if (this.missing > 0) return;
    this.finishCollecting();
    this.pieces.push(this.block!.subarray(this.blockStart, this.blockBytes));
    this.blockStart = this.blockBytes;
  }

  /**
   * The lent memory that the record last found lies in; whoever takes it gives it back when the record has been dealt
   * with. For a stream that has ended: what its last, incomplete record lies in.
   */
  takeBlock(): Buffer | undefined {
    const { block } = this;
    this.block = undefined;
    this.blockBytes = this.blockStart = 0;
    return block;
  }

  /** Finds the next complete record. Throws {@link RecordError}. */
  next(): boolean {
    for (;;) {
      if (!this.inFragment && !this.readMark()) return false;
      const here = Math.min(this.missing, this.chunk.length - this.position);
      if (here === this.missing && this.lastFragment && this.pieces.length === 0) {
        this.buffer = this.chunk;
        this.start = this.position;
        this.end = this.position + here;
        this.rest = [];
        this.position += here;
        this.startRecord();
        return true;
      }
      if (here > 0) {
        this.keep(this.chunk.subarray(this.position, this.position + here));
        this.position += here;
        this.missing -= here;
        this.recordReceived += here;
      }
      if (this.missing > 0) {
        if (!this.advance()) return false;
        continue;
      }
      this.inFragment = false;
      if (!this.lastFragment) continue;
      this.finishCollecting();
      const [first = EMPTY, ...rest] = this.pieces;
      this.buffer = first;
      this.start = 0;
      this.end = first.length;
      this.rest = rest;
      this.startRecord();
      return true;
    }
  }

  private startRecord(): void {
    this.inFragment = false;
    this.missing = 0;
    this.recordBytes = 0;
    this.recordReceived = 0;
    if (this.pieces.length > 0) this.pieces = [];
  }

  private advance(): boolean {
    const chunk = this.waiting.shift();
    this.chunk = chunk ?? EMPTY;
    this.position = 0;
    return chunk !== undefined;
  }

  private readMark(): boolean {
    while (this.markBytes < 4) {
      if (this.position === this.chunk.length) {
        if (!this.advance()) return false;
        continue;
      }
      this.mark = (this.mark << 8) | this.chunk[this.position]!;
      this.position += 1;
      this.markBytes += 1;
    }
    const length = this.mark & 0x7fff_ffff;
    // An empty fragment is charged for its mark, so that a stream of them ends somewhere.
    this.recordBytes += length || 4;
    if (this.recordBytes > this.maxBytes) {
      throw new RecordError(`a record of more than ${this.maxBytes} bytes`);
    }
    this.lastFragment = this.mark < 0;
    this.missing = length;
    this.inFragment = true;
    this.mark = 0;
    this.markBytes = 0;
    return true;
  }

  private keep(piece: Buffer): void {
    if (piece.length >= KEEP_BYTES) {
      this.finishCollecting();
      this.pieces.push(piece);
      return;
    }
    if (this.collecting === undefined || this.collecting.length - this.collected < piece.length) {
      this.finishCollecting();
      const isFirst = this.pieces.length === 0 && piece.length <= COLLECT_FIRST_BYTES;
      this.collecting = Buffer.allocUnsafeSlow(isFirst ? COLLECT_FIRST_BYTES : COLLECT_BYTES);
    }
    this.collecting.set(piece, this.collected);
    this.collected += piece.length;
    // A placeholder tells that the record is under way; finishCollecting() puts the collected bytes in its place.
    if (this.collected === piece.length) this.pieces.push(EMPTY);
  }

  private finishCollecting(): void {
    if (this.collecting === undefined) return;
    this.pieces[this.pieces.length - 1] = this.collecting.subarray(0, this.collected);
    this.collecting = undefined;
    this.collected = 0;
  }
}
