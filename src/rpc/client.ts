import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, isIPv6, type Socket } from 'node:net';
import { type Xdr, XdrReader, XdrWriter } from '../xdr/index.ts';
import { AUTH_NONE, AUTH_SYS, type UnixCredential } from './credential.ts';
import { AUTH_ERROR, CALL, MSG_ACCEPTED, REPLY, RPC_VERSION, SUCCESS } from './message.ts';
import { RecordReader } from './record.ts';

/** A call that got no result: refused, timed out, or its connection broke. */
export class RpcCallError extends Error {
  override readonly name = 'RpcCallError';
}

export interface CallOptions {
  /** Milliseconds until the call is given up; 5000 unless told. */
  readonly timeout?: number;
  /** AUTH_NONE unless told. */
  readonly credential?: UnixCredential;
  /** Told each time that the call is sent, also again. */
  readonly sent?: () => void;
}

const DEFAULT_TIMEOUT = 5000;
const MAX_REPLY = (1 << 20) + 4096;
/** First wait before a datagram is sent again; it doubles. */
const RETRANSMIT_MILLISECONDS = 500;
const LAST_FRAGMENT = 0x8000_0000;

interface Waiting {
  readonly resolve: (reply: XdrReader) => void;
  readonly reject: (error: Error) => void;
}

/** Calls procedures of another server. Many calls may be under way at once. */
export class RpcClient {
  private readonly waiting = new Map<number, Waiting>();
  private readonly send: (message: Buffer) => void;
  private readonly end: () => void;
  private readonly resends: boolean;
  private xid = Math.floor(Math.random() * 0x7fff_ffff);
  private broken: Error | undefined;

  private constructor(way: { send: (message: Buffer) => void; end: () => void; resends: boolean }) {
    this.send = way.send;
    this.end = way.end;
    this.resends = way.resends;
  }

  static connectTcp(to: {
    host: string;
    port: number;
    localAddress?: string | undefined;
    localPort?: number;
    timeout?: number;
  }): Promise<RpcClient> {
    const { host, port, localAddress, localPort, timeout } = to;
    const from = {
      ...(localAddress === undefined ? {} : { localAddress }),
      ...(localPort === undefined ? {} : { localPort }),
    };
    return RpcClient.overStream(connect({ host, port, ...from }), timeout);
  }

  static connectUnix(path: string): Promise<RpcClient> {
    return RpcClient.overStream(connect({ path }));
  }

  /** A client that compares addresses knows us by `localAddress` alone. */
  static async connectUdp(to: { host: string; port: number; localAddress?: string | undefined }): Promise<RpcClient> {
    const socket: UdpSocket = createSocket(isIPv6(to.host) ? 'udp6' : 'udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ ...(to.localAddress === undefined ? {} : { address: to.localAddress }) }, () => {
        socket.connect(to.port, to.host, () => {
          socket.off('error', reject);
          resolve();
        });
      });
    }).catch((error: unknown) => {
      socket.close();
      throw error;
    });
    const client = new RpcClient({
      send: (message) => socket.send(message, () => {}),
      end: () => socket.close(),
      resends: true,
    });
    socket.on('message', (message) => client.received(new XdrReader(message)));
    // ICMP's port unreachable, say.
    socket.on('error', (error) => client.fail(error));
    return client;
  }

  private static async overStream(socket: Socket, timeout = DEFAULT_TIMEOUT): Promise<RpcClient> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => socket.destroy(new RpcCallError(`no connection within ${timeout} ms`)), timeout);
      socket.once('connect', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
    });
    const client = new RpcClient({
      send: (message) => {
        const mark = Buffer.allocUnsafe(4);
        mark.writeUInt32BE(LAST_FRAGMENT + message.length);
        socket.write(Buffer.concat([mark, message]));
      },
      end: () => socket.destroy(),
      resends: false,
    });
    const records = new RecordReader(MAX_REPLY);
    socket.on('data', (chunk) => {
      try {
        records.push(chunk);
        while (records.next()) {
          client.received(new XdrReader(records.buffer, records.start, records.end, records.rest));
        }
      } catch (error) {
        socket.destroy(error as Error);
      }
    });
    socket.on('error', (error) => client.fail(error));
    socket.on('close', () => client.fail(new RpcCallError('the connection was closed')));
    return client;
  }

  /** True if it cannot call any more: its connection has ended. */
  get isBroken(): boolean {
    return this.broken !== undefined;
  }

  /** Rejects with {@link RpcCallError}. */
  async call<Args, Res>(
    program: number,
    version: number,
    procedure: number,
    argsType: Xdr<Args>,
    args: Args,
    resType: Xdr<Res>,
    options: CallOptions = {},
  ): Promise<Res> {
    if (this.broken !== undefined) throw this.broken;
    const { xid, message } = this.message(program, version, procedure, argsType, args, options.credential);
    const send = () => {
      options.sent?.();
      this.send(message);
    };
    const reply = await this.exchange(xid, send, options.timeout ?? DEFAULT_TIMEOUT);
    requireSuccess(reply);
    const result = resType.read(reply);
    reply.finish();
    return result;
  }

  /** Sends a call whose reply, if there is one, says nothing: it is neither waited for nor looked at. */
  tell<Args>(
    program: number,
    version: number,
    procedure: number,
    argsType: Xdr<Args>,
    args: Args,
    credential?: UnixCredential,
  ): void {
    if (this.broken !== undefined) throw this.broken;
    this.send(this.message(program, version, procedure, argsType, args, credential).message);
  }

  close(): void {
    this.fail(new RpcCallError('the client was closed'));
    this.end();
  }

  private message<Args>(
    program: number,
    version: number,
    procedure: number,
    argsType: Xdr<Args>,
    args: Args,
    credential: UnixCredential | undefined,
  ): { xid: number; message: Buffer } {
    const xid = (this.xid = (this.xid + 1) >>> 0);
    const writer = new XdrWriter(1024);
    writer.uint32(xid);
    writer.uint32(CALL);
    writer.uint32(RPC_VERSION);
    writer.uint32(program);
    writer.uint32(version);
    writer.uint32(procedure);
    writeCredential(writer, credential);
    argsType.write(writer, args);
    return { xid, message: writer.toBuffer() };
  }

  private exchange(xid: number, send: () => void, timeout: number): Promise<XdrReader> {
    return new Promise((resolve, reject) => {
      let resend: NodeJS.Timeout | undefined;
      const settle = () => {
        clearTimeout(timer);
        clearTimeout(resend);
        this.waiting.delete(xid);
      };
      const timer = setTimeout(() => {
        settle();
        reject(new RpcCallError(`no reply within ${timeout} ms`));
      }, timeout);
      const sendAgainAfter = (wait: number) => {
        resend = setTimeout(() => {
          send();
          sendAgainAfter(wait * 2);
        }, wait);
      };
      this.waiting.set(xid, {
        resolve: (reply) => {
          settle();
          resolve(reply);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      if (this.resends) sendAgainAfter(RETRANSMIT_MILLISECONDS);
      send();
    });
  }

  private received(reply: XdrReader): void {
    if (reply.remaining < 8) return;
    const xid = reply.uint32();
    if (reply.uint32() !== REPLY) return;
    this.waiting.get(xid)?.resolve(reply);
  }

  private fail(error: Error): void {
    this.broken ??= error;
    for (const waiting of [...this.waiting.values()]) waiting.reject(error);
  }
}

function writeCredential(writer: XdrWriter, credential: UnixCredential | undefined): void {
  if (credential === undefined) {
    writer.uint32(AUTH_NONE);
    writer.uint32(0);
  } else {
    const body = new XdrWriter(512);
    body.uint32(0);
    body.opaque(credential.machineName);
    body.uint32(credential.uid);
    body.uint32(credential.gid);
    body.uint32(credential.gids.length);
    for (const gid of credential.gids) body.uint32(gid);
    writer.uint32(AUTH_SYS);
    writer.opaque(body.toBuffer());
  }
  writer.uint32(AUTH_NONE);
  writer.uint32(0);
}

/** Leaves the reader at the result. */
function requireSuccess(reply: XdrReader): void {
  if (reply.uint32() !== MSG_ACCEPTED) {
    const why = reply.uint32() === AUTH_ERROR ? `AUTH_ERROR ${reply.uint32()}` : 'RPC_MISMATCH';
    throw new RpcCallError(`the call was denied: ${why}`);
  }
  reply.uint32();
  reply.opaque(400);
  const status = reply.uint32();
  if (status !== SUCCESS) throw new RpcCallError(`the call was not run: accept_stat ${status}`);
}
