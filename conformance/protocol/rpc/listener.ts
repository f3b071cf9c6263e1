import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { Program } from '../programs/program.ts';
import { call_msg, reply_msg } from '../programs/rpc.ts';
import { decode, encode, WireError } from '../wire.ts';
import { NO_AUTH } from './client.ts';
import { record } from './tcp.ts';

/** A call that the server under test made. */
export interface Heard {
  readonly program: Program;
  readonly procedure: string;
  /** As the program's table declares them. */
  readonly args: unknown;
  readonly kind: 'tcp' | 'udp';
  /** Where it came from. */
  readonly address: string;
}

/** Instead of a result: no reply at all. */
export const SILENCE: unique symbol = Symbol('silence');
/** Gives the result of a call. NULL is answered without it. */
export type Respond = (heard: Heard) => unknown;

const MOST_CALL_BYTES = 64 * 1024;
const LAST_FRAGMENT = 0x8000_0000;
const TRIES = 16;

/** Programs of the suite's own, for servers to call. It does not keep the process alive. */
export class Listener {
  readonly port: number;
  readonly #tcp: Server;
  readonly #udp: UdpSocket;
  readonly #programs: readonly Program[];
  readonly #respond: Respond;

  private constructor(tcp: Server, udp: UdpSocket, programs: readonly Program[], respond: Respond) {
    this.#tcp = tcp;
    this.#udp = udp;
    this.#programs = programs;
    this.#respond = respond;
    this.port = udp.address().port;
    tcp.on('connection', (socket) => this.#accept(socket));
    udp.on('message', (message, from) => {
      const reply = this.#answer(message, 'udp', from.address);
      if (reply !== undefined) udp.send(reply, from.port, from.address);
    });
    // A reply that nobody takes is no matter of ours.
    udp.on('error', () => undefined);
    tcp.unref();
    udp.unref();
  }

  /** One port for TCP and UDP; 0 is any. Throws where it is taken. */
  static async open(address: string, port: number, programs: readonly Program[], respond: Respond): Promise<Listener> {
    for (let attempt = 1; ; attempt++) {
      const tcp = await listenTcp(address, port);
      const bound = tcp.address();
      const chosen = typeof bound === 'object' && bound !== null ? bound.port : port;
      try {
        return new Listener(tcp, await bindUdp(address, chosen), programs, respond);
      } catch (error) {
        tcp.close();
        // Any port was asked for, and UDP has this one in use.
        if (port !== 0 || attempt === TRIES) throw error;
      }
    }
  }

  close(): void {
    this.#tcp.close();
    this.#udp.close();
  }

  #accept(socket: Socket): void {
    let received = Buffer.alloc(0);
    let message = Buffer.alloc(0);
    socket.unref();
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4) {
        const mark = received.readUInt32BE(0);
        const length = mark & ~LAST_FRAGMENT;
        if (message.length + length > MOST_CALL_BYTES) return void socket.destroy();
        if (received.length < 4 + length) return;
        message = Buffer.concat([message, received.subarray(4, 4 + length)]);
        received = received.subarray(4 + length);
        if ((mark & LAST_FRAGMENT) === 0) continue;
        const reply = this.#answer(message, 'tcp', socket.remoteAddress ?? '');
        if (reply !== undefined) socket.write(record(reply));
        message = Buffer.alloc(0);
      }
    });
  }

  #answer(message: Buffer, kind: 'tcp' | 'udp', address: string): Buffer | undefined {
    const call = decoded(message);
    if (call === undefined) return undefined;
    const { xid, prog, vers, proc, args } = call;
    const versions = this.#programs.filter(({ program }) => program === prog);
    if (versions.length === 0) return accepted(xid, { accept_stat: 'PROG_UNAVAIL' });
    const program = versions.find(({ version }) => version === vers);
    if (program === undefined) {
      const numbers = versions.map(({ version }) => version);
      return accepted(xid, { accept_stat: 'PROG_MISMATCH', low: Math.min(...numbers), high: Math.max(...numbers) });
    }
    const [procedure, row] = Object.entries(program.procedures).find(([, { number }]) => number === proc) ?? [];
    if (procedure === undefined || row === undefined) return accepted(xid, { accept_stat: 'PROC_UNAVAIL' });
    if (procedure === 'NULL') return accepted(xid, { accept_stat: 'SUCCESS', results: Buffer.alloc(0) });
    try {
      const result = this.#respond({ program, procedure, args: decode(row.args, args), kind, address });
      if (result === SILENCE) return undefined;
      return accepted(xid, { accept_stat: 'SUCCESS', results: encode(row.res, result) });
    } catch (error) {
      if (error instanceof WireError) return accepted(xid, { accept_stat: 'GARBAGE_ARGS' });
      throw error;
    }
  }
}

type Accepted = Extract<reply_msg['body'], { reply_stat: 'MSG_ACCEPTED' }>['reply'];

function accepted(xid: number, reply: Accepted): Buffer {
  return encode(reply_msg, { xid, mtype: 'REPLY', body: { reply_stat: 'MSG_ACCEPTED', verf: NO_AUTH, reply } });
}

function decoded(message: Buffer): call_msg | undefined {
  try {
    return decode(call_msg, message);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function listenTcp(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

function bindUdp(address: string, port: number): Promise<UdpSocket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const fail = (error: Error) => {
      socket.close();
      reject(error);
    };
    socket.once('error', fail);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off('error', fail);
      resolve(socket);
    });
  });
}
