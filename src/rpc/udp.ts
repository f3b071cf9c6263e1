import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { type AddressInfo, isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../common/log.ts';
import { type Mark, XdrReader, XdrWriter } from '../xdr/index.ts';
import { plainAddress, reachableAddress } from './address.ts';
import type { Caller, Dispatcher } from './dispatcher.ts';
import { CredentialReader } from './message.ts';
import type { Peer } from './program.ts';
import type { ListenAddress } from './tcp.ts';

/** The most that a reply's bulk data may have in a datagram, as in the Linux server. */
export const MAX_UDP_DATA = 32 * 1024;
const SOCKET_BUFFER_BYTES = 4 << 20;
/** Calls under way at once; past that datagrams are dropped, and the clients send them again. */
const MAX_RUNNING = 256;
const MAX_REMEMBERED_PEERS = 1024;
const DRAIN_POLL_MILLISECONDS = 5;

/** A socket that is bound already. `host` tells its family. */
export interface BoundSocket {
  readonly fd: number;
  readonly host: string;
}

/** Serves RPC over UDP: a call is a datagram, and so is its reply. */
export class UdpTransport {
  private readonly socket: Socket;
  private readonly dispatcher: Dispatcher;
  private readonly log: Logger;
  private readonly reader = new XdrReader(Buffer.alloc(0));
  // A reply is written and sent in one go, so one writer serves all callers.
  private readonly writer = new XdrWriter();
  private readonly callers = new Map<string, DatagramCaller>();
  private running = 0;
  private isClosing = false;
  private isClosed = false;

  private constructor(socket: Socket, dispatcher: Dispatcher, log: Logger) {
    this.socket = socket;
    this.dispatcher = dispatcher;
    this.log = log;
  }

  /** Rejects with the system's error if the address cannot be had. */
  static async listen(
    dispatcher: Dispatcher,
    address: ListenAddress | BoundSocket,
    options: { log: Logger },
  ): Promise<UdpTransport> {
    const socket = createSocket({
      type: isIPv6(address.host) ? 'udp6' : 'udp4',
      recvBufferSize: SOCKET_BUFFER_BYTES,
      sendBufferSize: SOCKET_BUFFER_BYTES,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      const where = 'fd' in address ? { fd: address.fd } : { address: address.host, port: address.port };
      socket.bind({ ...where, exclusive: true }, () => {
        socket.off('error', reject);
        resolve();
      });
    }).catch((error: unknown) => {
      socket.close();
      throw error;
    });
    const transport = new UdpTransport(socket, dispatcher, options.log);
    socket.on('message', (message, from) => transport.received(message, from));
    socket.on('error', (error) => options.log.error({ err: error }, 'the UDP socket failed'));
    return transport;
  }

  get port(): number {
    return this.socket.address().port;
  }

  /** Stops taking datagrams, and lets running calls end and their replies leave. */
  async close(deadlineMilliseconds = 5000): Promise<void> {
    this.isClosing = true;
    const deadline = performance.now() + deadlineMilliseconds;
    while (this.running > 0 && performance.now() < deadline) await sleep(DRAIN_POLL_MILLISECONDS);
    this.isClosed = true;
    await new Promise<void>((resolve) => this.socket.close(() => resolve()));
  }

  private received(message: Buffer, from: RemoteInfo): void {
    if (this.running >= MAX_RUNNING || this.isClosing) return;
    this.reader.reset(message, 0, message.length);
    try {
      const outcome = this.dispatcher.dispatch(this.reader, this.callerAt(from));
      if (typeof outcome === 'boolean') return;
      this.running += 1;
      outcome.finally(() => {
        this.running -= 1;
      });
    } catch (error) {
      this.log.error({ err: error, client: from.address }, 'a datagram could not be handled');
    }
  }

  private readonly send = (datagram: Buffer, to: RemoteInfo): void => {
    if (this.isClosed || !this.dispatcher.licence.holds()) return;
    this.socket.send(datagram, to.port, to.address, () => {
      // A reply that cannot be sent is a lost datagram: the client asks again.
    });
  };

  private callerAt(from: RemoteInfo): DatagramCaller {
    const key = `${from.address} ${from.port}`;
    let caller = this.callers.get(key);
    if (caller === undefined) {
      if (this.callers.size >= MAX_REMEMBERED_PEERS) this.callers.clear();
      caller = new DatagramCaller(this.socket.address(), this.writer, from, this.send);
      this.callers.set(key, caller);
    }
    return caller;
  }
}

class DatagramCaller implements Caller {
  readonly peer: Peer;
  readonly credentials = new CredentialReader();
  readonly writer: XdrWriter;
  private readonly from: RemoteInfo;
  private readonly send: (datagram: Buffer, to: RemoteInfo) => void;
  private replyStart: Mark | undefined;

  constructor(
    bound: AddressInfo,
    writer: XdrWriter,
    from: RemoteInfo,
    send: (datagram: Buffer, to: RemoteInfo) => void,
  ) {
    this.writer = writer;
    this.from = from;
    this.send = send;
    const address = plainAddress(from.address);
    this.peer = {
      transport: 'udp',
      address,
      port: from.port,
      localAddress: reachableAddress(plainAddress(bound.address), address),
      localPort: bound.port,
      maxData: MAX_UDP_DATA,
    };
  }

  beginReply(): void {
    this.replyStart = this.writer.mark();
  }

  endReply(): void {
    this.send(this.writer.toBuffer(), this.from);
    this.writer.reuse();
  }

  cancelReply(): void {
    this.writer.truncate(this.replyStart!);
  }
}
