import { createSocket, type Socket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { Disconnected } from './failures.ts';
import { Mailbox } from './mailbox.ts';
import { type Endpoint, type OpenOptions, type Transport, withSourcePort } from './transport.ts';

/** A UDP socket that talks to one port of the server. */
export class UdpTransport implements Transport {
  readonly kind = 'udp';
  readonly isOpen = true;
  readonly #socket: Socket;
  readonly #mailbox = new Mailbox();

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (message) => this.#mailbox.deliver(message));
    // ECONNREFUSED: an ICMP message said that nobody listens there.
    socket.on('error', (error) => this.#mailbox.end(new Disconnected(error.message)));
  }

  static async open({ host, port }: Endpoint, options: OpenOptions = {}): Promise<UdpTransport> {
    const { address, family } = await lookup(host);
    return withSourcePort(
      options,
      (localPort) =>
        new Promise<UdpTransport>((resolve, reject) => {
          const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
          const fail = (error: Error) => {
            socket.close();
            reject(error);
          };
          socket.once('error', fail);
          socket.bind(localPort, options.localAddress, () => {
            socket.connect(port, address, (error?: Error) => {
              if (error) return fail(error);
              socket.off('error', fail);
              resolve(new UdpTransport(socket));
            });
          });
        }),
    );
  }

  get localPort(): number {
    return this.#socket.address().port;
  }

  send(message: Buffer): void {
    this.#socket.send(message);
  }

  reply(xid: number | undefined, milliseconds: number): Promise<Buffer> {
    return this.#mailbox.next(xid, milliseconds);
  }

  close(): void {
    this.#mailbox.end(new Disconnected('the socket is closed'));
    this.#socket.close();
  }
}
