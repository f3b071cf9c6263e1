import { connect, type Socket } from 'node:net';
import { frame, words } from '../rpc/wire.ts';
import { makeCall, mutate, Random, type Targets } from './calls.ts';

export interface FuzzOptions {
  readonly port: number;
  readonly targets: Targets;
  readonly cases: number;
  readonly seed: number;
  /** Told after each batch how many cases are done. */
  readonly progress?: (done: number) => void;
}

export interface FuzzResult {
  readonly cases: number;
  readonly replies: number;
  /** Replies of SYSTEM_ERR: each is a fault of the server. */
  readonly systemErrors: number;
  /** Connections that the server closed because the bytes were no RPC. */
  readonly closed: number;
}

const BATCH = 200;
const DEADLINE_MILLISECONDS = 20_000;
const SYSTEM_ERR = 5;
const SENTINEL = 0xfeed_beef;

/**
 * Sends calls, most of them damaged, over TCP in batches. Behind each batch stands a NULL call that must be answered,
 * or the connection must have been closed: a server that does neither hangs. Rejects then.
 */
export async function fuzz({ port, targets, cases, seed, progress }: FuzzOptions): Promise<FuzzResult> {
  const random = new Random(seed);
  const result = { cases: 0, replies: 0, systemErrors: 0, closed: 0 };
  let connection: Connection | undefined;
  while (result.cases < cases) {
    connection ??= await Connection.open(port);
    const batch: Buffer[] = [];
    for (let i = 0; i < Math.min(BATCH, cases - result.cases); i++) {
      batch.push(record(random, mutate(random, makeCall(random, targets, result.cases + i + 1))));
    }
    result.cases += batch.length;
    const outcome = await connection.exchange(batch);
    result.replies += outcome.replies;
    result.systemErrors += outcome.systemErrors;
    if (outcome.closed) {
      result.closed += 1;
      connection = undefined;
    }
    progress?.(result.cases);
  }
  connection?.close();
  return result;
}

function record(random: Random, message: Buffer): Buffer {
  switch (random.below(4000)) {
    case 0:
      return Buffer.concat([words(random.pick([0xffff_ffff, 0x8000_0000, 0, 0x7fff_ffff])), message]);
    case 1:
      return message;
    default:
      return frame(message, random.below(8) === 0 ? 1 + random.below(50) : undefined);
  }
}

class Connection {
  private readonly socket: Socket;
  private received: Buffer = Buffer.alloc(0);
  private closed = false;
  private outcome = { replies: 0, systemErrors: 0, closed: false };
  private ended: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      this.ended();
    });
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new Connection(socket);
  }

  async exchange(batch: readonly Buffer[]): Promise<{ replies: number; systemErrors: number; closed: boolean }> {
    this.outcome = { replies: 0, systemErrors: 0, closed: false };
    const answered = new Promise<void>((resolve) => {
      this.ended = resolve;
    });
    const sentinel = frame(words(SENTINEL, 0, 2, 100_003, 3, 0, 0, 0, 0, 0));
    if (!this.closed) this.socket.write(Buffer.concat([...batch, sentinel]));
    // A damaged record mark makes the server wait for bytes that we never meant to send: it gets an end instead.
    const half = setTimeout(() => this.socket.end(), 300);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('the server neither answers nor closes')), DEADLINE_MILLISECONDS);
    });
    try {
      if (!this.closed) await Promise.race([answered, late]);
    } finally {
      clearTimeout(timer);
      clearTimeout(half);
    }
    return { ...this.outcome, closed: this.closed };
  }

  close(): void {
    this.socket.destroy();
  }

  private take(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    while (this.received.length >= 4) {
      const length = this.received.readUInt32BE(0) & 0x7fff_ffff;
      if (this.received.length < 4 + length) return;
      const reply = this.received.subarray(4, 4 + length);
      this.received = this.received.subarray(4 + length);
      if (reply.readUInt32BE(0) === SENTINEL) {
        this.ended();
        continue;
      }
      this.outcome.replies += 1;
      const accepted = reply.length >= 24 && reply.readUInt32BE(8) === 0;
      if (accepted && reply.readUInt32BE(20) === SYSTEM_ERR) this.outcome.systemErrors += 1;
    }
  }
}
