import type { KeptCall, ReplyJournal } from '../common/reply-journal.ts';
import { MAX_RECORD_BYTES, RecordKind, RepliesFile } from './repliesfile.ts';

/** Bytes of each of the two files. One holds some 4,000 calls; whoever takes over copies and reads both while clients wait. */
const FILE_BYTES = 2 << 20;

export interface RepliesOptions {
  readonly fileBytes?: number;
  /** Told of writes and flushes that failed. */
  readonly report: (error: unknown) => void;
}

/**
 * The reply journal in two files that take turns (`<path>.0` and `<path>.1`). When one is full, the other begins anew
 * with the intents that are still open, so that an intent is never dropped before its result is known.
 *
 * A record costs one write(2) into the page cache: it survives a crash of the process.
 */
export class RepliesJournal implements ReplyJournal {
  readonly found: readonly KeptCall[];
  private readonly files: readonly [RepliesFile, RepliesFile];
  private readonly report: (error: unknown) => void;
  private active: 0 | 1;
  /** Intents without a result. */
  private readonly open = new Map<string, Uint8Array>();
  private flushing: Promise<void> | undefined;
  private queued: Promise<void> | undefined;

  private constructor(files: readonly [RepliesFile, RepliesFile], report: (error: unknown) => void) {
    this.files = files;
    this.report = report;
    const newer = files[0].generation > files[1].generation ? 0 : 1;
    this.active = newer;
    this.found = callsIn([files[1 - newer]!, files[newer]]);
    for (const { kind, key, bytes } of this.found) if (kind === 'intent') this.open.set(key, bytes);
    if (files[newer].generation === 0n) this.turn();
    else files[newer].resume();
  }

  /** Throws StateError if the files cannot be had. */
  static open(path: string, options: RepliesOptions): RepliesJournal {
    const size = options.fileBytes ?? FILE_BYTES;
    const first = RepliesFile.open(`${path}.0`, size);
    let second: RepliesFile | undefined;
    try {
      second = RepliesFile.open(`${path}.1`, size);
      return new RepliesJournal([first, second], options.report);
    } catch (error) {
      first.close();
      second?.close();
      throw error;
    }
  }

  intent(key: string, bytes: Uint8Array): void {
    if (key.length + bytes.length > MAX_RECORD_BYTES) return;
    this.open.set(key, bytes);
    this.write(RecordKind.INTENT, key, bytes);
  }

  result(key: string, body: Uint8Array): void {
    this.open.delete(key);
    if (key.length + body.length <= MAX_RECORD_BYTES) this.write(RecordKind.RESULT, key, body);
  }

  aborted(key: string): void {
    if (this.open.delete(key)) this.write(RecordKind.ABORTED, key, NOTHING);
  }

  flush(): Promise<void> {
    if (this.flushing === undefined) return this.startFlush();
    this.queued ??= this.flushing.then(() => this.startFlush());
    return this.queued;
  }

  async close(): Promise<void> {
    while (this.flushing !== undefined) await this.flushing;
    for (const file of this.files) file.close();
  }

  private startFlush(): Promise<void> {
    this.queued = undefined;
    const flushing = Promise.all(this.files.map((file) => file.flush()))
      .catch(this.report)
      .then(() => {
        if (this.flushing === flushing && this.queued === undefined) this.flushing = undefined;
      });
    this.flushing = flushing;
    return flushing;
  }

  private write(kind: RecordKind, key: string, bytes: Uint8Array): void {
    try {
      if (this.files[this.active].append(kind, key, bytes)) return;
      this.turn();
      this.files[this.active].append(kind, key, bytes);
    } catch (error) {
      this.report(error);
    }
  }

  /** From here on records go to the other file. */
  private turn(): void {
    const generation = this.files[this.active].generation + 1n;
    this.active = this.active === 0 ? 1 : 0;
    const file = this.files[this.active];
    file.begin(generation);
    for (const [key, bytes] of this.open) file.append(RecordKind.INTENT, key, bytes);
  }
}

const NOTHING = new Uint8Array(0);

/** What is known of each call, in the order of what was written of it last. */
function callsIn(files: readonly RepliesFile[]): KeptCall[] {
  const calls = new Map<string, KeptCall>();
  for (const file of files) {
    file.read((kind, key, bytes, start, end) => {
      calls.delete(key);
      if (kind !== RecordKind.ABORTED) calls.set(key, new FoundCall(kind, key, bytes, start, end));
    });
  }
  return [...calls.values()];
}

/** Most intents have a result behind them: their bytes are looked at by nobody. */
class FoundCall implements KeptCall {
  readonly kind: 'intent' | 'result';
  readonly key: string;
  private readonly file: Buffer;
  private readonly start: number;
  private readonly end: number;

  constructor(kind: RecordKind, key: string, file: Buffer, start: number, end: number) {
    this.kind = kind === RecordKind.INTENT ? 'intent' : 'result';
    this.key = key;
    this.file = file;
    this.start = start;
    this.end = end;
  }

  get bytes(): Buffer {
    return this.file.subarray(this.start, this.end);
  }
}
