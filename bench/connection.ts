import { connect, type Socket } from 'node:net';
import { putXid, type Template } from './operations.ts';

/** All connections receive into the same memory, which so stays in the processor's cache. */
const chunk = Buffer.allocUnsafeSlow(256 * 1024);
/** xid, REPLY, MSG_ACCEPTED, verifier (flavour, length), accept_stat, and the procedure's status. */
const HEADER_BYTES = 28;
const HEADER_WITHOUT_STATUS = 24;

/** What a connection tells of each reply. */
export interface Observer {
  /** A reply to a call that was sent at `sentAt` (performance.now()); `ok` unless the call or the procedure failed. */
  replied(sentAt: number, now: number, ok: boolean): void;
}

/**
 * One TCP connection that always has `depth` calls in flight: for each reply the next call is sent, those of one chunk
 * with one write. It looks at record marks, xids and statuses, and passes over everything else.
 */
export class Connection {
  private readonly template: Template;
  private readonly next: () => number;
  private readonly observer: Observer;
  /** For each call that may be in flight: when it was sent, and its xid. The xid's remainder by `depth` names the slot. */
  private readonly sentAt: Float64Array;
  private readonly xids: Uint32Array;
  private readonly socket: Socket;
  /** What is known of the fragment and reply being received, which chunks may cut anywhere. */
  private readonly header = Buffer.alloc(HEADER_BYTES);
  private headerBytes = 0;
  private readonly mark = Buffer.alloc(4);
  private markBytes = 0;
  private missing = 0;
  private isLast = false;

  private constructor(socket: Socket, depth: number, template: Template, next: () => number, observer: Observer) {
    this.socket = socket;
    this.template = template;
    this.next = next;
    this.observer = observer;
    this.sentAt = new Float64Array(depth);
    // Not where an earlier run began, lest a server's duplicate request cache take new calls for old ones.
    const first = Math.floor(Math.random() * 0x1_0000) * 0x1_0000;
    this.xids = Uint32Array.from({ length: depth }, (_, slot) => first + slot);
  }

  /** @param next numbers the calls, across all connections. */
  static open(
    to: { host: string; port: number },
    depth: number,
    template: Template,
    next: () => number,
    observer: Observer,
  ): Promise<Connection> {
    return new Promise((resolve, reject) => {
      let connection: Connection | undefined;
      const onread = {
        buffer: chunk,
        callback: (bytes: number) => {
          connection?.received(bytes);
          return true;
        },
      };
      const socket = connect({ ...to, noDelay: true, onread });
      socket.once('error', reject);
      socket.once('connect', () => {
        connection = new Connection(socket, depth, template, next, observer);
        resolve(connection);
      });
      socket.on('end', () => {
        throw new Error('the server closed a connection');
      });
    });
  }

  start(): void {
    this.send(Array.from(this.sentAt.keys()));
  }

  close(): void {
    this.socket.destroy();
  }

  private received(bytes: number): void {
    const now = performance.now();
    const free: number[] = [];
    let at = 0;
    while (at < bytes) {
      if (this.missing === 0) {
        this.mark[this.markBytes++] = chunk[at++]!;
        if (this.markBytes < 4) continue;
        this.markBytes = 0;
        const word = this.mark.readUInt32BE();
        this.missing = word & 0x7fff_ffff;
        this.isLast = word >>> 31 === 1;
      } else {
        const here = Math.min(bytes - at, this.missing);
        const wanted = Math.min(here, HEADER_BYTES - this.headerBytes);
        for (let i = 0; i < wanted; i++) this.header[this.headerBytes + i] = chunk[at + i]!;
        this.headerBytes += wanted;
        at += here;
        this.missing -= here;
      }
      if (this.missing === 0 && this.isLast) free.push(this.replied(now));
    }
    if (free.length > 0) this.send(free);
  }

  /** A reply is complete. @returns the slot that is free again. */
  private replied(now: number): number {
    const { header } = this;
    const slot = header.readUInt32BE(0) % this.sentAt.length;
    // NULL's reply has no status.
    const status = this.headerBytes === HEADER_WITHOUT_STATUS ? 0 : header.readUInt32BE(HEADER_WITHOUT_STATUS);
    const ok = header.readUInt32BE(8) === 0 && header.readUInt32BE(20) === 0 && status === 0;
    this.observer.replied(this.sentAt[slot]!, now, ok);
    this.headerBytes = 0;
    this.isLast = false;
    return slot;
  }

  private send(slots: readonly number[]): void {
    const { template, sentAt, xids } = this;
    const { length } = template.head;
    const calls = Buffer.allocUnsafe(slots.length * length);
    const now = performance.now();
    slots.forEach((slot, i) => {
      const at = i * length;
      const n = this.next();
      calls.set(template.head, at);
      putXid(calls, at, (xids[slot]! += sentAt.length));
      template.vary?.(calls, at, n);
      sentAt[slot] = now;
    });
    if (template.payload === undefined) {
      this.socket.write(calls);
      return;
    }
    this.socket.cork();
    slots.forEach((_, i) => {
      this.socket.write(calls.subarray(i * length, (i + 1) * length));
      this.socket.write(template.payload!);
    });
    this.socket.uncork();
  }
}
