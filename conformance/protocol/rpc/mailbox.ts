import { NoReply } from './failures.ts';

interface Waiting {
  readonly xid: number | undefined;
  take(reply: Buffer): void;
  fail(error: Error): void;
}

/** Replies that came, and those who wait for them. A reply that nobody waits for is kept. */
export class Mailbox {
  private readonly kept: Buffer[] = [];
  private readonly waiting = new Set<Waiting>();
  private ended: Error | undefined;

  deliver(reply: Buffer): void {
    const xid = xidOf(reply);
    for (const waiting of this.waiting) {
      if (waiting.xid === undefined || waiting.xid === xid) {
        waiting.take(reply);
        return;
      }
    }
    this.kept.push(reply);
  }

  /** Nothing will come any more. */
  end(error: Error): void {
    this.ended ??= error;
    for (const waiting of [...this.waiting]) waiting.fail(error);
  }

  /** The next reply with this xid, or with any. */
  next(xid: number | undefined, milliseconds: number): Promise<Buffer> {
    const index = this.kept.findIndex((reply) => xid === undefined || xidOf(reply) === xid);
    const [kept] = index < 0 ? [] : this.kept.splice(index, 1);
    if (kept !== undefined) return Promise.resolve(kept);
    if (this.ended !== undefined) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(waiting);
      };
      const waiting: Waiting = {
        xid,
        take: (reply) => {
          done();
          resolve(reply);
        },
        fail: (error) => {
          done();
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        waiting.fail(new NoReply(`no reply within ${milliseconds / 1000} s`));
      }, milliseconds);
      this.waiting.add(waiting);
    });
  }
}

function xidOf(reply: Buffer): number | undefined {
  return reply.length < 4 ? undefined : reply.readUInt32BE(0);
}
