import { connect, type Socket } from 'node:net';
import { callMessage } from '../../conformance/protocol/rpc/client.ts';
import { record } from '../../conformance/protocol/rpc/tcp.ts';

export interface Tally {
  cases: number;
  replies: number;
  /** Replies of SYSTEM_ERR: each is a fault of the server. */
  systemErrors: number;
  /** Connections that the server closed because the bytes were no RPC. */
  closed: number;
}

const DEADLINE_MILLISECONDS = 60_000;
/** A damaged record mark makes the server wait for bytes that nobody meant to send: after this it gets an end instead. */
const END_MILLISECONDS = 300;
const SYSTEM_ERR = 5;
const SENTINEL = 0xfeed_beef;
const LAST_FRAGMENT = 0x8000_0000;

/**
 * A connection to the server, made again when the server has closed it. Behind each batch stands a NULL call that must be
 * answered, or the connection must have been closed: a server that does neither hangs.
 */
export class Connection {
  readonly #port: number;
  readonly #tally: Tally;
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #fragments: Buffer[] = [];
  #ended: () => void = () => {};
  #wanted: { readonly xid: number; reply?: Buffer } | undefined;

  constructor(port: number, tally: Tally) {
    this.#port = port;
    this.#tally = tally;
  }

  /** Sends records and waits until the server has dealt with them. */
  async exchange(records: readonly Buffer[]): Promise<void> {
    const socket = this.#socket ?? (await this.#open());
    this.#tally.cases += records.length;
    const answered = new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
    socket.write(Buffer.concat([...records, record(callMessage({ xid: SENTINEL }))]));
    const half = setTimeout(() => socket.end(), END_MILLISECONDS);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('the server neither answers nor closes')), DEADLINE_MILLISECONDS);
    });
    try {
      await Promise.race([answered, late]);
    } finally {
      clearTimeout(timer);
      clearTimeout(half);
    }
  }

  /** Sends one call as it is. @returns its reply, unless the connection was closed. */
  async ask(call: Buffer): Promise<Buffer | undefined> {
    const wanted: { readonly xid: number; reply?: Buffer } = { xid: call.readUInt32BE(0) };
    this.#wanted = wanted;
    await this.exchange([record(call)]);
    this.#wanted = undefined;
    return wanted.reply;
  }

  close(): void {
    this.#socket?.destroy();
  }

  async #open(): Promise<Socket> {
    const socket = connect({ port: this.#port, host: '127.0.0.1', noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    this.#received = Buffer.alloc(0);
    this.#fragments = [];
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#socket = undefined;
      this.#tally.closed += 1;
      this.#ended();
    });
    this.#socket = socket;
    return socket;
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    while (this.#received.length >= 4) {
      const mark = this.#received.readUInt32BE(0);
      const length = mark & ~LAST_FRAGMENT;
      if (this.#received.length < 4 + length) return;
      this.#fragments.push(this.#received.subarray(4, 4 + length));
      this.#received = this.#received.subarray(4 + length);
      if ((mark & LAST_FRAGMENT) !== 0) this.#reply(Buffer.concat(this.#fragments.splice(0)));
    }
  }

  #reply(reply: Buffer): void {
    const xid = reply.readUInt32BE(0);
    if (xid === SENTINEL) {
      this.#ended();
      return;
    }
    if (this.#wanted?.xid === xid) this.#wanted.reply ??= Buffer.from(reply);
    this.#tally.replies += 1;
    const accepted = reply.length >= 24 && reply.readUInt32BE(8) === 0;
    if (accepted && reply.readUInt32BE(20) === SYSTEM_ERR) this.#tally.systemErrors += 1;
  }
}
