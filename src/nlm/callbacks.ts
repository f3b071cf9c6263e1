import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../common/log.ts';
import { lengthOf } from '../locks/range.ts';
import { ownerKey } from '../locks/records.ts';
import type { PendingGrant } from '../locks/requests.ts';
import type { RpcClient, UnixCredential } from '../rpc/index.ts';
import { nothing, type Xdr } from '../xdr/index.ts';
import { LCK_DENIED, LCK_GRANTED, NLM_PROG, NLM4_VERS, narrowTypes, type nlm4_stats, res, wideTypes } from './types.ts';

/** Where a client's lock manager is to be called. */
export interface CallbackTarget {
  readonly address: string;
  /** Our address that the client knows us by: it takes no callback from another one. */
  readonly localAddress: string;
  readonly version: number;
  readonly transport: 'tcp' | 'udp';
}

/** Finds and reaches the programs of clients. */
export interface Caller {
  /** Rejects if the client cannot be reached, or does not have the program. One that is connected already is used again. */
  connect(target: CallbackTarget, program: number): Promise<RpcClient>;
  /** The connection did not do: the port may be another one by now. */
  forget(target: CallbackTarget, program: number): void;
}

/** Whose locks, on which file. */
export interface LockOwner {
  readonly name: string;
  readonly svid: number;
  readonly oh: Buffer;
  readonly handle: Buffer;
}

export interface CallbackTimes {
  /** Milliseconds that a client gets to answer. */
  readonly answer: number;
  /** Milliseconds until the second try; each further one takes twice as long. */
  readonly retry: number;
  /** Milliseconds after which a client that cannot be reached loses its grant. Longer than the 30 s after which one asks again. */
  readonly giveUp: number;
}

const TIMES: CallbackTimes = { answer: 5000, retry: 500, giveUp: 60_000 };
const LONGEST_PAUSE_MS = 8000;
const GRANTED = 5;
const GRANTED_MSG = 10;

/** Tells clients that they have the locks they waited for. */
export class Callbacks {
  private readonly caller: Caller;
  private readonly log: Logger;
  private readonly times: CallbackTimes;
  private readonly credential: UnixCredential;
  private readonly stopping = new AbortController();
  /** Grants told by message, by the address and the cookie that their answer will have. */
  private readonly byCookie = new Map<string, (stat: nlm4_stats) => void>();
  /** Calls that no client has answered yet, by what they are about. */
  private readonly underWay = new Map<string, Set<Promise<unknown>>>();
  private lastCookie = Math.floor(Math.random() * 0x7fff_ffff);

  constructor(options: { caller: Caller; log: Logger; name: string; times?: CallbackTimes }) {
    this.caller = options.caller;
    this.log = options.log;
    this.times = options.times ?? TIMES;
    this.credential = { machineName: Buffer.from(options.name), uid: 0, gid: 0, gids: [] };
  }

  /** Looks up already now where a client is to be called. */
  prepare(target: CallbackTarget): void {
    this.caller.connect(target, NLM_PROG).catch((error: unknown) => {
      this.log.debug({ client: target.address, reason: String(error) }, 'a client that waits cannot be called yet');
    });
  }

  /** Goes on until the client has answered, has got to know by itself, or is given up. Never rejects. */
  async grant(grant: PendingGrant): Promise<void> {
    const { tag } = grant.waiter;
    const started = performance.now();
    let messages = grant.mayBeKnown ? 1 : 0;
    const sent = () => void messages++;
    for (let pause = this.times.retry; grant.isPending; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const stat = await this.tell(grant, sent).catch((error: unknown) => {
        this.log.debug({ client: tag.name, address: tag.address, reason: String(error) }, 'a grant could not be told');
        return undefined;
      });
      if (stat === LCK_GRANTED) grant.confirm();
      // Who is told a second time says that nothing of its waits for this: it has it already, and will let go of it.
      else if (stat === LCK_DENIED && messages > 1) grant.confirm();
      else if (stat === LCK_DENIED) void grant.refuse();
      if (!grant.isPending || this.stopping.signal.aborted) return;
      if (performance.now() - started >= this.times.giveUp) {
        this.log.warn({ client: tag.name, address: tag.address }, 'a client cannot be told of its lock, and loses it');
        void grant.refuse();
        return;
      }
      await sleep(pause, undefined, { signal: this.stopping.signal, ref: false }).catch(() => {});
    }
  }

  /**
   * Waits until no call is under way that tells this owner of a lock on this file, or the client had its time to answer.
   * Until then the owner must not hear that it let go of the lock: it might ask for the next one, wait for it, and take
   * the late word of the last one for that. Two would have the lock then.
   */
  async quiet(owner: LockOwner): Promise<void> {
    await Promise.allSettled(this.underWay.get(keyOf(owner)) ?? []);
  }

  /** A NLM_GRANTED_RES came. Of somebody else's lock nobody is believed: cookies can be guessed. */
  answered(address: string, cookie: Buffer, stat: nlm4_stats): void {
    this.byCookie.get(answerKey(address, cookie))?.(stat);
  }

  /** Answers a message by a message (NLM_..._RES). */
  async respond<Res>(target: CallbackTarget, procedure: number, type: Xdr<Res>, result: Res): Promise<void> {
    try {
      const client = await this.caller.connect(target, NLM_PROG);
      client.tell(NLM_PROG, target.version, procedure, type, result, this.credential);
    } catch (error) {
      this.caller.forget(target, NLM_PROG);
      this.log.debug({ client: target.address, reason: String(error) }, 'a message could not be answered');
    }
  }

  /** What is not told yet stays in the store. */
  close(): void {
    this.stopping.abort();
  }

  private async tell(grant: PendingGrant, sent: () => void): Promise<nlm4_stats | undefined> {
    const { waiter } = grant;
    const { tag } = waiter;
    const { callback } = tag;
    if (callback === undefined) return LCK_DENIED;
    const { version } = callback;
    const target: CallbackTarget = { ...tag, version, transport: callback.transport };
    const client = await this.caller.connect(target, NLM_PROG);
    // Finding the client took a while: it may have got to know, let go of the lock, and be waiting for it again.
    if (!grant.isPending) return undefined;
    const { testargs } = version === NLM4_VERS ? wideTypes : narrowTypes;
    const alock = {
      caller_name: Buffer.from(tag.name, 'latin1'),
      ...{ fh: tag.handle, oh: tag.oh, svid: tag.svid },
      ...{ l_offset: waiter.start, l_len: lengthOf(waiter) },
    };
    const { exclusive } = waiter;
    const options = { timeout: this.times.answer, credential: this.credential, sent };
    try {
      if (!callback.byMessage) {
        const args = { cookie: callback.cookie, exclusive, alock };
        const answer = client.call(NLM_PROG, version, GRANTED, testargs, args, res, options);
        return (await this.during(tag, answer)).stat;
      }
      const cookie = this.newCookie();
      const answer = this.answerTo(tag.address, cookie);
      client
        .call(NLM_PROG, version, GRANTED_MSG, testargs, { cookie, exclusive, alock }, nothing, options)
        .catch(() => {});
      return await this.during(tag, answer);
    } catch (error) {
      this.caller.forget(target, NLM_PROG);
      throw error;
    }
  }

  private async during<T>(owner: LockOwner, call: Promise<T>): Promise<T> {
    const key = keyOf(owner);
    const calls = this.underWay.get(key) ?? new Set();
    this.underWay.set(key, calls.add(call));
    try {
      return await call;
    } finally {
      calls.delete(call);
      if (calls.size === 0) this.underWay.delete(key);
    }
  }

  private newCookie(): Buffer {
    const cookie = Buffer.alloc(4);
    this.lastCookie = (this.lastCookie + 1) >>> 0;
    cookie.writeUInt32BE(this.lastCookie);
    return cookie;
  }

  private answerTo(address: string, cookie: Buffer): Promise<nlm4_stats> {
    const key = answerKey(address, cookie);
    return new Promise<nlm4_stats>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no NLM_GRANTED_RES came')), this.times.answer).unref();
      this.byCookie.set(key, (stat) => {
        clearTimeout(timer);
        resolve(stat);
      });
    }).finally(() => this.byCookie.delete(key));
  }
}

function answerKey(address: string, cookie: Buffer): string {
  return `${address} ${cookie.toString('hex')}`;
}

/** One key for each owner and file. */
export function keyOf({ name, svid, oh, handle }: LockOwner): string {
  return `${ownerKey(name, svid, oh)}\0${handle.toString('latin1')}`;
}
