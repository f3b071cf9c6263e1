import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../common/log.ts';
import { type Mark, type Segment, XdrReader, XdrWriter } from '../xdr/index.ts';
import { plainAddress } from './address.ts';
import type { Caller, Dispatcher } from './dispatcher.ts';
import { CredentialReader } from './message.ts';
import type { Peer } from './program.ts';
import { RecordReader } from './record.ts';

export interface TcpLimits {
  /** Largest record taken, bytes. */
  readonly maxRecord: number;
  /** Connections at once. When one more comes, the one that has been idle longest goes. */
  readonly maxConnections: number;
  /** Connections of one address at once; one more is refused. */
  readonly maxPerAddress: number;
  /** A connection on which nothing happened for so long is closed, milliseconds. */
  readonly idleTimeout: number;
  /** Calls of one connection under way at once; past that it is not read from. */
  readonly maxRunning: number;
  /** Reply bytes waiting for a client that does not read them; past that it is not read from. */
  readonly maxUnsent: number;
}

export const DEFAULT_TCP_LIMITS: TcpLimits = {
  // 1 MiB of data and what stands around it.
  maxRecord: (1 << 20) + 4096,
  maxConnections: 4096,
  maxPerAddress: 1024,
  idleTimeout: 15 * 60_000,
  maxRunning: 64,
  maxUnsent: 4 << 20,
};

/** The most that a reply's bulk data may have on TCP. */
export const MAX_TCP_DATA = 1 << 20;
const LAST_FRAGMENT = 0x8000_0000;
/** Calls run for one connection before the others get their turn, in time and in number between looks at the clock. */
const TURN_MILLISECONDS = 4;
const CALLS_PER_LOOK = 8;
const SWEEP_MILLISECONDS = 15_000;
const DRAIN_POLL_MILLISECONDS = 5;

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Serves RPC over TCP: record marking, back-pressure, and limits that keep one client from stalling the others. */
export class TcpTransport {
  private readonly server: Server;
  private readonly dispatcher: Dispatcher;
  private readonly log: Logger;
  private readonly limits: TcpLimits;
  private readonly connections = new Set<Connection>();
  private readonly perAddress = new Map<string, number>();
  private readonly sweeper: NodeJS.Timeout;

  private constructor(dispatcher: Dispatcher, log: Logger, limits: TcpLimits) {
    this.dispatcher = dispatcher;
    this.log = log;
    this.limits = limits;
    this.server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.accept(socket));
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MILLISECONDS);
    this.sweeper.unref();
  }

  /** Rejects with the system's error if the address cannot be had. */
  static async listen(
    dispatcher: Dispatcher,
    address: ListenAddress | { readonly fd: number },
    options: { log: Logger; limits?: Partial<TcpLimits> },
  ): Promise<TcpTransport> {
    const transport = new TcpTransport(dispatcher, options.log, { ...DEFAULT_TCP_LIMITS, ...options.limits });
    await new Promise<void>((resolve, reject) => {
      transport.server.once('error', reject);
      transport.server.listen({ ...address, backlog: 511 }, () => {
        transport.server.off('error', reject);
        resolve();
      });
    }).catch((error: unknown) => {
      clearInterval(transport.sweeper);
      throw error;
    });
    transport.server.on('error', (error) => options.log.error({ err: error }, 'the TCP listener failed'));
    return transport;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get connectionCount(): number {
    return this.connections.size;
  }

  /** Who is connected. */
  peers(): Peer[] {
    return [...this.connections].map((connection) => connection.peer);
  }

  /** Stops accepting and reading, lets running calls end and their replies leave, then resets what is left. */
  async close(deadlineMilliseconds = 5000): Promise<void> {
    clearInterval(this.sweeper);
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    const deadline = performance.now() + deadlineMilliseconds;
    for (const connection of this.connections) connection.stopReading();
    while (performance.now() < deadline && [...this.connections].some((connection) => connection.busy)) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MILLISECONDS));
    }
    // A reset, not a FIN: a Linux client waits three seconds before it reconnects after a FIN.
    for (const connection of this.connections) connection.destroy();
    await closed;
  }

  private accept(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress ?? '');
    // The peer may be gone already.
    if (address === '') {
      socket.destroy();
      return;
    }
    const ofAddress = this.perAddress.get(address) ?? 0;
    if (ofAddress >= this.limits.maxPerAddress) {
      this.log.warn({ client: address }, `refused a connection of ${address}: it has ${ofAddress} open`);
      socket.resetAndDestroy();
      return;
    }
    if (this.connections.size >= this.limits.maxConnections) this.dropIdlest();
    this.perAddress.set(address, ofAddress + 1);
    const connection = new Connection(socket, this.dispatcher, this.log, this.limits);
    this.connections.add(connection);
    socket.once('close', () => {
      this.connections.delete(connection);
      const left = (this.perAddress.get(address) ?? 1) - 1;
      if (left === 0) this.perAddress.delete(address);
      else this.perAddress.set(address, left);
    });
  }

  private dropIdlest(): void {
    let idlest: Connection | undefined;
    for (const connection of this.connections) {
      if (idlest === undefined || connection.lastActive < idlest.lastActive) idlest = connection;
    }
    if (idlest === undefined) return;
    this.log.warn(
      { client: idlest.peer.address },
      `closed the idlest of ${this.connections.size} connections to make room for a new one`,
    );
    idlest.destroy();
  }

  private sweep(): void {
    const limit = performance.now() - this.limits.idleTimeout;
    for (const connection of this.connections) {
      if (connection.lastActive < limit && !connection.running) connection.destroy();
    }
  }
}

/** One client's connection: its calls are read in order and answered as they end. */
class Connection implements Caller {
  readonly peer: Peer;
  readonly credentials = new CredentialReader();
  readonly writer = new XdrWriter();
  /** `performance.now()` of the last bytes that came or left. */
  lastActive = performance.now();

  private readonly socket: Socket;
  private readonly dispatcher: Dispatcher;
  private readonly log: Logger;
  private readonly limits: TcpLimits;
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

  constructor(socket: Socket, dispatcher: Dispatcher, log: Logger, limits: TcpLimits) {
    this.socket = socket;
    this.dispatcher = dispatcher;
    this.log = log;
    this.limits = limits;
    this.records = new RecordReader(limits.maxRecord);
    this.peer = {
      transport: 'tcp',
      address: plainAddress(socket.remoteAddress ?? ''),
      port: socket.remotePort ?? 0,
      localAddress: plainAddress(socket.localAddress ?? ''),
      localPort: socket.localPort ?? 0,
      maxData: MAX_TCP_DATA,
    };
    socket.on('data', (chunk) => this.received(chunk));
    socket.on('drain', () => {
      this.lastActive = performance.now();
      this.pump();
    });
    socket.on('error', () => socket.destroy());
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
    this.socket.resetAndDestroy();
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

  private received(chunk: Buffer): void {
    this.lastActive = performance.now();
    this.records.push(chunk);
    this.pump();
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
    const outcome = this.dispatcher.dispatch(reader, this);
    if (outcome === true) return;
    if (outcome === false) throw new Error('a record that is no RPC call');
    this.runningCalls += 1;
    outcome.finally(() => {
      this.runningCalls -= 1;
      if (this.held) this.pumpSoon();
    });
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
    if (socket.destroyed || !socket.writable) {
      release(segments);
      return;
    }
    const [only] = segments;
    if (segments.length === 1 && only !== undefined && only.release === undefined) {
      socket.write(only.bytes);
    } else {
      socket.cork();
      const last = segments.length - 1;
      segments.forEach((segment, i) => {
        if (i === last) socket.write(segment.bytes, () => release(segments));
        else socket.write(segment.bytes);
      });
      socket.uncork();
    }
    // What the kernel took at once is no longer ours to keep.
    if (socket.writableLength === 0) this.writer.reuse();
  }
}

function release(segments: readonly Segment[]): void {
  for (const segment of segments) segment.release?.();
}
