import { connect, type Socket } from 'node:net';
import type { Logger } from '../../src/common/log.ts';
import {
  type CallObserver,
  Dispatcher,
  NO_REPLY,
  type Procedure,
  type ProgramVersion,
  procedure,
  RpcRefusal,
  type ServingLicence,
  TcpTransport,
} from '../../src/rpc/index.ts';
import { nothing, opaque, struct, uint32, XdrWriter } from '../../src/xdr/index.ts';

export const PROGRAM = 0x2000_0001;
export const ECHO = 1;
export const COUNT = 2;
export const FAULT = 3;
export const SLOW = 4;
export const SILENT = 5;
export const DENIED = 6;
export const BIG = 7;
export const WHO = 8;
export const BULK = 9;

/** A log that keeps what it is told. */
export class RememberingLog implements Logger {
  readonly lines: string[] = [];
  trace(_details: object, message: string): void {
    this.lines.push(message);
  }
  debug = this.trace;
  info = this.trace;
  warn = this.trace;
  error = this.trace;
}

/** Versions 2 and 4 of a small program, to see what the RPC layer does around one. */
export class TestProgram {
  runs = 0;
  readonly slow: (() => void)[] = [];
  readonly versions: ProgramVersion[];
  /** Replies of BIG whose memory is still lent. */
  lent = 0;
  private readonly memory: Buffer[] = [];
  private bigReplies = 0;

  /** Memory that was lent before, with the number of the reply in each byte. */
  private lend(size: number): { bytes: Buffer; release: () => void } {
    const memory = this.memory.pop() ?? Buffer.alloc(1 << 20);
    this.lent += 1;
    const release = () => {
      this.lent -= 1;
      this.memory.push(memory);
    };
    return { bytes: memory.subarray(0, size).fill((this.bigReplies++ % 250) + 1), release };
  }

  constructor() {
    const rows = [
      procedure({ number: 0, name: 'NULL', args: nothing, res: nothing, idempotent: true, handle: () => undefined }),
      procedure({
        number: ECHO,
        name: 'ECHO',
        args: opaque(1 << 20),
        res: opaque(1 << 20),
        idempotent: true,
        handle: (bytes) => bytes,
      }),
      procedure({
        number: COUNT,
        name: 'COUNT',
        args: uint32,
        res: uint32,
        idempotent: false,
        handle: () => ++this.runs,
      }),
      procedure({
        number: FAULT,
        name: 'FAULT',
        args: nothing,
        res: nothing,
        idempotent: true,
        handle: (): undefined => {
          throw new Error('a fault of the handler');
        },
      }),
      procedure({
        number: SLOW,
        name: 'SLOW',
        args: uint32,
        res: uint32,
        idempotent: false,
        handle: async (value) => {
          this.runs += 1;
          await new Promise<void>((resolve) => this.slow.push(resolve));
          return value;
        },
      }),
      procedure({
        number: SILENT,
        name: 'SILENT',
        args: nothing,
        res: nothing,
        idempotent: true,
        handle: () => NO_REPLY,
      }),
      procedure({
        number: DENIED,
        name: 'DENIED',
        args: nothing,
        res: nothing,
        idempotent: true,
        handle: (): undefined => {
          throw RpcRefusal.auth(5);
        },
      }),
      procedure({
        number: BIG,
        name: 'BIG',
        args: uint32,
        res: {
          read: (from) => ({ bytes: from.opaque(1 << 20) }),
          write: (to, { bytes, release }: { bytes: Buffer; release?: () => void }) => to.bulk(bytes, release),
        },
        idempotent: true,
        handle: (size) => this.lend(size),
      }),
      procedure({
        number: BULK,
        name: 'BULK',
        args: {
          read: (from) => from.segments(1 << 20),
          write: (to, pieces: Buffer[]) => to.opaque(Buffer.concat(pieces)),
        },
        res: opaque(1 << 20),
        idempotent: true,
        handle: async (pieces) => {
          await new Promise<void>((resolve) => this.slow.push(resolve));
          return Buffer.concat(pieces);
        },
      }),
      procedure({
        number: WHO,
        name: 'WHO',
        args: nothing,
        res: struct({ flavor: uint32, uid: uint32, gids: uint32 }),
        idempotent: true,
        handle: (_args, { credential: { flavor, unix } }) => ({
          flavor,
          uid: unix?.uid ?? 0,
          gids: unix?.gids.length ?? 0,
        }),
      }),
    ] as Procedure<unknown, unknown>[];
    this.versions = [2, 4].map((version) => ({ program: PROGRAM, version, name: 'test', procedures: rows }));
  }
}

export interface TestServer {
  readonly program: TestProgram;
  readonly transport: TcpTransport;
  readonly dispatcher: Dispatcher;
  readonly log: RememberingLog;
  readonly port: number;
}

/** Runs `body` against a server on loopback that is gone afterwards. */
export async function withServer(
  body: (server: TestServer) => Promise<void>,
  options: {
    licence?: ServingLicence;
    observer?: CallObserver;
    limits?: Parameters<typeof TcpTransport.listen>[2]['limits'];
  } = {},
): Promise<void> {
  const program = new TestProgram();
  const log = new RememberingLog();
  const dispatcher = new Dispatcher(program.versions, { log, ...options });
  const transport = await TcpTransport.listen(
    dispatcher,
    { host: '127.0.0.1', port: 0 },
    { log, ...(options.limits === undefined ? {} : { limits: options.limits }) },
  );
  try {
    await body({ program, transport, dispatcher, log, port: transport.port });
  } finally {
    for (const finish of program.slow) finish();
    await transport.close(1000);
  }
}

/** A call message. Each part may be replaced, to make one that is wrong there. */
export function callMessage(parts: {
  xid?: number;
  type?: number;
  rpcVersion?: number;
  program?: number;
  version?: number;
  procedure?: number;
  credential?: Buffer;
  verifier?: Buffer;
  args?: Buffer;
}): Buffer {
  const writer = new XdrWriter();
  writer.uint32(parts.xid ?? 1);
  writer.uint32(parts.type ?? 0);
  writer.uint32(parts.rpcVersion ?? 2);
  writer.uint32(parts.program ?? PROGRAM);
  writer.uint32(parts.version ?? 2);
  writer.uint32(parts.procedure ?? 0);
  writer.raw(parts.credential ?? auth(0, Buffer.alloc(0)));
  writer.raw(parts.verifier ?? auth(0, Buffer.alloc(0)));
  writer.raw(parts.args ?? Buffer.alloc(0));
  return writer.toBuffer();
}

export function auth(flavor: number, body: Buffer): Buffer {
  const writer = new XdrWriter();
  writer.uint32(flavor);
  writer.opaque(body);
  return writer.toBuffer();
}

export function authSys(uid: number, gid: number, gids: readonly number[], machine = 'client', stamp = 0): Buffer {
  const writer = new XdrWriter();
  writer.uint32(stamp);
  writer.opaque(Buffer.from(machine));
  writer.uint32(uid);
  writer.uint32(gid);
  writer.uint32(gids.length);
  for (const id of gids) writer.uint32(id);
  return writer.toBuffer();
}

export function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, 4 * i);
  return bytes;
}

/** A record in fragments of at most `fragmentBytes`. */
export function frame(message: Buffer, fragmentBytes = message.length || 1): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  do {
    const fragment = message.subarray(at, at + fragmentBytes);
    at += fragment.length;
    parts.push(words((at >= message.length ? 0x8000_0000 : 0) + fragment.length), fragment);
  } while (at < message.length);
  return Buffer.concat(parts);
}

/** A bare TCP client: bytes in, records out. */
export class WireClient {
  readonly socket: Socket;
  private received = Buffer.alloc(0);
  private readonly replies: Buffer[] = [];
  private readonly wanted: { resolve: (reply: Buffer) => void; reject: (error: Error) => void }[] = [];
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', () => {});
    this.closed = new Promise((resolve) =>
      socket.on('close', () => {
        for (const { reject } of this.wanted) reject(new Error('the connection was closed'));
        resolve();
      }),
    );
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<WireClient> {
    const socket = connect({ port, host, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new WireClient(socket);
  }

  send(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** The next record that arrives, without its marks. */
  reply(): Promise<Buffer> {
    const ready = this.replies.shift();
    if (ready !== undefined) return Promise.resolve(ready);
    return new Promise((resolve, reject) => this.wanted.push({ resolve, reject }));
  }

  call(message: Buffer): Promise<Buffer> {
    this.send(frame(message));
    return this.reply();
  }

  /** Records that arrived and nobody asked for. */
  get unclaimed(): number {
    return this.replies.length;
  }

  close(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    while (this.received.length >= 4) {
      const length = this.received.readUInt32BE(0) & 0x7fff_ffff;
      if (this.received.length < 4 + length) return;
      const reply = Buffer.from(this.received.subarray(4, 4 + length));
      this.received = this.received.subarray(4 + length);
      const wanted = this.wanted.shift();
      if (wanted === undefined) this.replies.push(reply);
      else wanted.resolve(reply);
    }
  }
}
