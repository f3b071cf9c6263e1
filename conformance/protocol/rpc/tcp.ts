import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { Disconnected } from './failures.ts';
import { Mailbox } from './mailbox.ts';
import { type Endpoint, type OpenOptions, type Transport, withSourcePort } from './transport.ts';

const CONNECT_MILLISECONDS = 10_000;
/** The longest reply that is taken in; a record mark that promises more is a fault of the server. */
const MOST_REPLY_BYTES = 32 * 1024 * 1024;
const LAST_FRAGMENT = 0x8000_0000;

/** A TCP connection with record marking (RFC 5531 §11), and the means to misuse it. */
export class TcpTransport implements Transport {
  readonly kind = 'tcp';
  readonly #socket: Socket;
  readonly #mailbox = new Mailbox();
  readonly #closed: Promise<void>;
  #isOpen = true;
  #received = Buffer.alloc(0);
  #fragments: Buffer[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    this.#closed = new Promise((resolve) => {
      const ended = (why: string) => {
        this.#isOpen = false;
        this.#mailbox.end(new Disconnected(why));
        resolve();
      };
      socket.on('error', (error) => ended(`the connection broke: ${error.message}`));
      socket.on('end', () => ended('the server closed the connection'));
      socket.on('close', () => ended('the connection is closed'));
    });
    socket.on('data', (chunk) => this.#take(chunk));
  }

  static open({ host, port }: Endpoint, options: OpenOptions = {}): Promise<TcpTransport> {
    const { timeout = CONNECT_MILLISECONDS, localAddress } = options;
    return withSourcePort(
      options,
      (localPort) =>
        new Promise<TcpTransport>((resolve, reject) => {
          const socket = connect({
            ...{ host, port },
            ...(localPort === 0 ? {} : { localPort }),
            ...(localAddress === undefined ? {} : { localAddress }),
          });
          const fail = (error: NodeJS.ErrnoException) => {
            clearTimeout(timer);
            socket.destroy();
            reject(error.code === 'ECONNREFUSED' ? new Disconnected(error.message) : error);
          };
          const timer = setTimeout(() => fail(new Disconnected(`no connection within ${timeout / 1000} s`)), timeout);
          socket.once('error', fail);
          socket.once('connect', () => {
            clearTimeout(timer);
            socket.off('error', fail);
            resolve(new TcpTransport(socket));
          });
        }),
    );
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0;
  }

  get localAddress(): string {
    return this.#socket.localAddress ?? '';
  }

  send(message: Buffer): void {
    this.write(record(message));
  }

  /** Sends bytes as they are. */
  write(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  /** Sends bytes in pieces of `size`, each in a segment of its own. */
  async writeInPieces(bytes: Buffer, size: number): Promise<void> {
    for (let offset = 0; offset < bytes.length; offset += size) {
      await new Promise<void>((resolve) => this.#socket.write(bytes.subarray(offset, offset + size), () => resolve()));
      await turn();
    }
  }

  reply(xid: number | undefined, milliseconds: number): Promise<Buffer> {
    return this.#mailbox.next(xid, milliseconds);
  }

  /** True once the server has closed the connection; false if it has not within the time. */
  async closedWithin(milliseconds: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), milliseconds);
    });
    const closed = await Promise.race([this.#closed.then(() => true), late]);
    clearTimeout(timer);
    return closed;
  }

  /** Says that no more calls come (FIN), and still takes replies. */
  end(): void {
    this.#socket.end();
  }

  /** By RST, so that the privileged port can be had again at once. */
  close(): void {
    // One that is ending cannot be reset: libuv refuses, and Node then loses its descriptor and spins on it.
    if (this.#socket.writableEnded) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  #take(chunk: Buffer): void {
    this.#received = Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4) {
      const mark = this.#received.readUInt32BE(0);
      const length = mark & ~LAST_FRAGMENT;
      if (length > MOST_REPLY_BYTES) {
        this.#mailbox.end(new Disconnected(`a record mark promises ${length} bytes`));
        this.close();
        return;
      }
      if (this.#received.length < 4 + length) return;
      this.#fragments.push(this.#received.subarray(4, 4 + length));
      this.#received = this.#received.subarray(4 + length);
      if ((mark & LAST_FRAGMENT) === 0) continue;
      this.#mailbox.deliver(Buffer.concat(this.#fragments));
      this.#fragments = [];
    }
  }
}

/** A record (RFC 5531 §11) of one fragment, or of fragments of these sizes and one more with what is left. */
export function record(message: Buffer, sizes: readonly number[] = []): Buffer {
  const pieces: Buffer[] = [];
  let offset = 0;
  for (const size of sizes) {
    pieces.push(fragment(message.subarray(offset, offset + size), false));
    offset += size;
  }
  pieces.push(fragment(message.subarray(offset), true));
  return Buffer.concat(pieces);
}

export function fragment(bytes: Buffer, last: boolean): Buffer {
  const mark = Buffer.alloc(4);
  mark.writeUInt32BE(((last ? LAST_FRAGMENT : 0) | bytes.length) >>> 0);
  return Buffer.concat([mark, bytes]);
}
