import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Logger } from '../common/log.ts';
import { plainAddress } from './address.ts';
import { Connection } from './connection.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { Peer } from './program.ts';
import { RecordMemory } from './record-memory.ts';
import { DEFAULT_TCP_LIMITS, type TcpLimits } from './tcp-limits.ts';

const SWEEP_MILLISECONDS = 15_000;
const DRAIN_MILLISECONDS = 5000;
const DRAIN_POLL_MILLISECONDS = 5;

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Told of connections as they come and go. */
export interface ConnectionEvents {
  connected(peer: Peer): void;
  disconnected(peer: Peer): void;
}

export interface TcpOptions {
  readonly log: Logger;
  readonly limits?: Partial<TcpLimits>;
  readonly events?: ConnectionEvents | undefined;
}

/** Connections that wait to be accepted: after a takeover all clients come back at once. The kernel bounds it (somaxconn). */
const BACKLOG = 4096;

/** Serves RPC over TCP: record marking, back-pressure, and limits that keep one client from stalling the others. */
export class TcpTransport {
  private readonly server: Server;
  private readonly dispatcher: Dispatcher;
  private readonly log: Logger;
  private readonly limits: TcpLimits;
  private readonly memory: RecordMemory;
  private readonly connections = new Set<Connection>();
  private readonly perAddress = new Map<string, number>();
  private readonly sweeper: NodeJS.Timeout;
  private readonly events: ConnectionEvents | undefined;
  private stopped: Promise<void> | undefined;

  private constructor(dispatcher: Dispatcher, { log, limits, events }: TcpOptions) {
    this.dispatcher = dispatcher;
    this.log = log;
    this.limits = { ...DEFAULT_TCP_LIMITS, ...limits };
    this.events = events;
    this.memory = new RecordMemory(this.limits.maxRecord);
    this.server = createServer({ noDelay: true, keepAlive: true, pauseOnConnect: true }, (socket) =>
      this.accept(socket),
    );
    this.sweeper = setInterval(() => this.sweep(), SWEEP_MILLISECONDS);
    this.sweeper.unref();
  }

  /** Rejects with the system's error if the address cannot be had. */
  static async listen(
    dispatcher: Dispatcher,
    address: ListenAddress | { readonly fd: number },
    options: TcpOptions,
  ): Promise<TcpTransport> {
    const transport = new TcpTransport(dispatcher, options);
    await new Promise<void>((resolve, reject) => {
      transport.server.once('error', reject);
      transport.server.listen({ ...address, backlog: BACKLOG }, () => {
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

  /**
   * Stops accepting and reading, and lets running calls end and their replies leave. Connections stay open, in silence, and
   * nobody is told any more of their end.
   */
  async quiesce(deadlineMilliseconds = DRAIN_MILLISECONDS): Promise<void> {
    clearInterval(this.sweeper);
    this.stopped ??= new Promise<void>((resolve) => this.server.close(() => resolve()));
    const deadline = performance.now() + deadlineMilliseconds;
    for (const connection of this.connections) connection.stopReading();
    while (performance.now() < deadline && [...this.connections].some((connection) => connection.busy)) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MILLISECONDS));
    }
  }

  /** As {@link quiesce}; then resets what is left. */
  async close(deadlineMilliseconds = DRAIN_MILLISECONDS): Promise<void> {
    await this.quiesce(deadlineMilliseconds);
    this.reset();
    await Promise.all([this.stopped, ...[...this.connections].map((connection) => connection.closed)]);
  }

  /** Ends every connection: the clients connect again at once, and ask again what was not answered. */
  reset(): void {
    // Not by a FIN: a Linux client waits three seconds before it reconnects after one.
    for (const connection of this.connections) connection.destroy();
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
    const connection = new Connection(socket, this.dispatcher, this.log, this.limits, this.memory);
    this.connections.add(connection);
    this.events?.connected(connection.peer);
    connection.closed.then(() => {
      this.connections.delete(connection);
      if (this.stopped === undefined) this.events?.disconnected(connection.peer);
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
