import type { Socket } from 'node:net';
import type { Logger } from '../common/log.ts';
import { type Mark, type Segment, XdrReader, XdrWriter } from '../xdr/index.ts';
import { landOn } from './accepted-socket.ts';
import { plainAddress } from './address.ts';
import type { Caller, Dispatcher, Outcome } from './dispatcher.ts';
import { CredentialReader } from './message.ts';
import type { Peer } from './program.ts';
import { HEAD_BYTES, RecordReader } from './record.ts';
import type { RecordMemory } from './record-memory.ts';
import { MAX_TCP_DATA, type TcpLimits } from './tcp-limits.ts';

const LAST_FRAGMENT = 0x8000_0000;
/** Calls run for one connection before the others get their turn, in time and in number between looks at the clock. */
const TURN_MILLISECONDS = 4;
const CALLS_PER_LOOK = 8;
/** Replies of so many bytes do not wait for others: their memory, still in the processor's cache, serves the next call. */
const FLUSH_BYTES = 256 * 1024;
/** Every connection's bytes arrive here, but for the bulk of large records. Idle connections so hold no memory. */
const arrivals = Buffer.allocUnsafeSlow(64 * 1024);
/** Another large record most likely follows a large one: its mark and head, and not what would have to be copied. */
const arrivalsOfHead = arrivals.subarray(0, 4 + HEAD_BYTES);

/** One client's connection: its calls are read in order and answered as they end. */
export class Connection implements Caller {
  readonly peer: Peer;
  readonly credentials = new CredentialReader();
  readonly writer = new XdrWriter();
  /** `performance.now()` of the last bytes that came or left. */
  lastActive = performance.now();

  readonly closed: Promise<void>;

  private readonly socket: Socket;
  private readonly dispatcher: Dispatcher;
  private readonly log: Logger;
  private readonly limits: TcpLimits;
  private readonly memory: RecordMemory;
  private readonly records: RecordReader;
  private readonly reader = new XdrReader(Buffer.alloc(0));
  private runningCalls = 0;
  private pumping = false;
  private pumpPlanned = false;
  /** Calls wait to be run. */
  private held = false;
  private flushPlanned = false;
  private stopped = false;
  private replyStart: Mark | undefined;
  private room: Buffer | undefined;
  private lastWasLarge = false;

  constructor(accepted: Socket, dispatcher: Dispatcher, log: Logger, limits: TcpLimits, memory: RecordMemory) {
    this.dispatcher = dispatcher;
    this.log = log;
    this.limits = limits;
    this.memory = memory;
    this.records = new RecordReader(limits.maxRecord, memory);
    const socket = landOn(accepted, {
      buffer: () => this.nextRoom(),
      callback: (bytes) => this.received(bytes),
    });
    this.socket = socket;
    this.peer = {
      transport: 'tcp',
      address: plainAddress(socket.remoteAddress ?? ''),
      port: socket.remotePort ?? 0,
      localAddress: plainAddress(socket.localAddress ?? ''),
      localPort: socket.localPort ?? 0,
      maxData: MAX_TCP_DATA,
    };
    socket.on('drain', () => {
      this.lastActive = performance.now();
      this.pump();
    });
    socket.on('error', () => socket.destroy());
    this.closed = new Promise((resolve) =>
      socket.once('close', () => {
        this.giveBack(this.records.takeBlock());
        resolve();
      }),
    );
  }

  get running(): boolean {
    return this.runningCalls > 0;
  }

  /** A call is running or a reply has not left. */
  get busy(): boolean {
    return this.running || this.writer.length > 0 || this.socket.writableLength > 0;
  }

  stopReading(): void {
    this.stopped = true;
    this.socket.pause();
  }

  destroy(): void {
    this.stopped = true;
    // One that is ending cannot be reset: libuv refuses, and Node then loses its descriptor. The client has left it anyway.
    if (this.socket.writableEnded) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  beginReply(): void {
    this.replyStart = this.writer.mark();
    this.writer.reserve(4);
  }

  endReply(): void {
    const start = this.replyStart!;
    this.writer.patch(start, LAST_FRAGMENT + this.writer.since(start) - 4);
    if (!this.pumping) this.planFlush();
  }

  cancelReply(): void {
    this.writer.truncate(this.replyStart!);
  }

  private nextRoom(): Buffer {
    this.room = this.socket?.destroyed ? undefined : this.records.room();
    return this.room ?? (this.lastWasLarge ? arrivalsOfHead : arrivals);
  }

  private received(bytes: number): boolean {
    this.lastActive = performance.now();
    if (this.room === undefined) this.records.push(Buffer.from(arrivals.subarray(0, bytes)));
    else this.records.filled(bytes);
    this.pump();
    return true;
  }

  private get blocked(): boolean {
    return (
      this.stopped ||
      this.runningCalls >= this.limits.maxRunning ||
      this.writer.length + this.socket.writableLength > this.limits.maxUnsent
    );
  }

  /** Runs the calls that are there, and sends their replies with one write. */
  private pump(): void {
    if (this.pumping || this.socket.destroyed) return;
    this.pumping = true;
    try {
      this.runCalls();
    } catch (error) {
      // Bytes that are not RPC: where the next record starts is unknown from here on.
      this.log.warn({ client: this.peer.address }, `closed a connection of ${this.peer.address}: ${error}`);
      this.destroy();
    }
    this.pumping = false;
    this.flush();
    // What stood in the way may just have left; then no 'drain' comes to say so.
    if (this.held && !this.blocked) this.pumpSoon();
  }

  private runCalls(): void {
    const until = performance.now() + TURN_MILLISECONDS;
    for (let calls = 1; ; calls++) {
      if (this.blocked) {
        this.hold();
        return;
      }
      if (!this.records.next()) break;
      this.runCall();
      if (this.writer.length >= FLUSH_BYTES) this.flush();
      if (calls % CALLS_PER_LOOK === 0 && performance.now() > until) {
        this.hold();
        return;
      }
    }
    if (this.held) {
      this.held = false;
      this.socket.resume();
    }
  }

  /** Leaves the calls that are there where they are, and the rest of the stream to TCP. */
  private hold(): void {
    this.held = true;
    this.socket.pause();
  }

  private pumpSoon(): void {
    if (this.pumpPlanned) return;
    this.pumpPlanned = true;
    setImmediate(() => {
      this.pumpPlanned = false;
      this.pump();
    });
  }

  private runCall(): void {
    const { records, reader } = this;
    reader.reset(records.buffer, records.start, records.end, records.rest);
    const block = records.takeBlock();
    this.lastWasLarge = block !== undefined;
    let outcome: Outcome = false;
    try {
      outcome = this.dispatcher.dispatch(reader, this);
    } finally {
      if (typeof outcome === 'boolean') this.giveBack(block);
    }
    if (outcome === true) return;
    if (outcome === false) throw new Error('a record that is no RPC call');
    this.runningCalls += 1;
    outcome.finally(() => {
      this.runningCalls -= 1;
      this.giveBack(block);
      if (this.held) this.pumpSoon();
    });
  }

  private giveBack(block: Buffer | undefined): void {
    if (block !== undefined) this.memory.give(block);
  }

  /** Replies that end in the same turn leave together: after the microtasks, and before the next event. */
  private planFlush(): void {
    if (this.flushPlanned) return;
    this.flushPlanned = true;
    process.nextTick(() => {
      this.flushPlanned = false;
      this.flush();
    });
  }

  private flush(): void {
    if (this.writer.length === 0) return;
    const segments = this.writer.drain();
    const { socket } = this;
    // The replies are of this turn, and that may have begun long ago for a process that was stopped.
    if (socket.destroyed || !socket.writable || !this.dispatcher.licence.holds()) {
      release(segments);
      return;
    }
    const [only] = segments;
    if (segments.length === 1 && only !== undefined && only.release === undefined) {
      socket.write(only.bytes);
    } else {
      this.sendTogether(segments);
    }
    // What the kernel took at once is no longer ours to keep.
    if (socket.writableLength === 0) this.writer.reuse();
  }

  /** Sends segments with one write, and releases them once: at once if the kernel took them all, and else when it has. */
  private sendTogether(segments: readonly Segment[]): void {
    const { socket } = this;
    let isReleased = false;
    const left = () => {
      if (!isReleased) release(segments);
      isReleased = true;
    };
    const last = segments.length - 1;
    socket.cork();
    segments.forEach((segment, i) => {
      if (i === last) socket.write(segment.bytes, left);
      else socket.write(segment.bytes);
    });
    socket.uncork();
    // Node calls back later even then.
    if (socket.writableLength === 0) left();
  }
}

function release(segments: readonly Segment[]): void {
  for (const segment of segments) segment.release?.();
}
