import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Case } from '../case.ts';
import type { Context } from '../context.ts';
import { check, NotApplicable } from '../expect.ts';
import { newFile } from '../nfs3/tools.ts';
import { NFS2 } from '../programs/nfs2.ts';
import { NLM1, NLM3, NLM4 } from '../programs/nlm.ts';
import type { Procedure, Program } from '../programs/program.ts';
import { authSys, call, callMessage, exchange, type User } from '../rpc/client.ts';
import { RpcRefused } from '../rpc/failures.ts';
import type { Transport } from '../rpc/transport.ts';
import { ALICE } from '../target.ts';
import { decode, encode } from '../wire.ts';

/** One version of the lock manager. Those before 4 have offsets of 32 bits, and name files by NFSv2's handles. */
export interface Dialect {
  readonly program: Program;
  readonly isWide: boolean;
}
export const V1: Dialect = { program: NLM1, isWide: false };
export const V3: Dialect = { program: NLM3, isWide: false };
export const V4: Dialect = { program: NLM4, isWide: true };
export const DIALECTS = [V1, V3, V4] as const;

/** Who holds a lock: a host, a process on it, and something that the process is known by. */
export interface Owner {
  readonly caller_name: string;
  readonly svid: number;
  readonly oh: Buffer;
}
export interface Holder {
  readonly exclusive: boolean;
  readonly svid: number;
  readonly oh: Buffer;
  readonly l_offset: bigint;
  readonly l_len: bigint;
}
/** A status without its prefix (LCK_ or NLM4_). */
export type Stat =
  | 'GRANTED'
  | 'DENIED'
  | 'DENIED_NOLOCKS'
  | 'BLOCKED'
  | 'DENIED_GRACE_PERIOD'
  | 'DEADLCK'
  | 'ROFS'
  | 'STALE_FH'
  | 'FBIG'
  | 'FAILED';
export interface Answer {
  readonly cookie: Buffer;
  readonly stat: Stat;
  readonly holder: Holder | undefined;
}

/** How a lock is asked for. Left out: exclusive, the whole file, without waiting. */
export interface How {
  readonly l_offset?: bigint;
  /** 0 is "to the end". */
  readonly l_len?: bigint;
  readonly exclusive?: boolean;
  readonly block?: boolean;
  readonly reclaim?: boolean;
  /** The client's NSM state number. */
  readonly state?: number;
  readonly cookie?: Buffer;
}

/** Bytes from `from` up to, not including, `to`. */
export function bytes(from: bigint | number, to: bigint | number): Required<Pick<How, 'l_offset' | 'l_len'>> {
  return { l_offset: BigInt(from), l_len: BigInt(to) - BigInt(from) };
}
export const SHARED = { exclusive: false } as const;

/** Bits of `fsh_mode` and `fsh_access`. */
export interface Share {
  readonly mode: 'fsm_DN' | 'fsm_DR' | 'fsm_DW' | 'fsm_DRW';
  readonly access: 'fsa_NONE' | 'fsa_R' | 'fsa_W' | 'fsa_RW';
}

export interface Way {
  readonly kind?: 'tcp' | 'udp';
  readonly user?: User;
  readonly localAddress?: string;
  /** The host's name; one of the case's own unless said otherwise. */
  readonly name?: string;
}

const STATE = 3;
const LOOK_MILLISECONDS = 50;
const LOOKS = 200;
const AGAIN_MILLISECONDS = 1000;
/** Grace periods are of 90 s, and of less. */
const LONGEST_GRACE_MILLISECONDS = 120_000;

/** The answer is one of these. */
export function answers(answer: Answer, ...stats: readonly Stat[]): Answer {
  check(stats.includes(answer.stat), stats.join(' or '), answer.stat);
  return answer;
}

/** A host that locks, under a name of its own. What it has locked is free again after the case. */
export class Locks {
  readonly dialect: Dialect;
  readonly name: string;
  readonly t: Context;
  readonly #way: Way;
  #transport: Transport;
  readonly #ends: (() => Promise<unknown>)[] = [];
  readonly #cookies = new Set<string>();
  readonly #asked = new Set<string>();

  private constructor(t: Context, dialect: Dialect, transport: Transport, way: Way) {
    this.t = t;
    this.dialect = dialect;
    this.#way = way;
    this.#transport = transport;
    this.name = way.name ?? `conformance-${randomBytes(6).toString('hex')}`;
  }

  static async open(t: Context, dialect: Dialect, way: Way = {}): Promise<Locks> {
    return new Locks(t, dialect, await connect(t, dialect, way), way);
  }

  /** After a restart of the server. */
  async reconnect(): Promise<void> {
    this.#transport = await connect(this.t, this.dialect, this.#way);
  }

  /** A new process of this host, or one that differs from it as told. */
  owner(differs: Partial<Owner> = {}): Owner {
    const svid = randomInt(1, 0x7fff_ffff);
    return { caller_name: this.name, svid, oh: Buffer.from(`${svid}@${this.name}`), ...differs };
  }

  /** The handle of a new file of ALICE's. */
  async file(name = 'file', set: { readonly mode?: number } = {}): Promise<Buffer> {
    const file = await newFile(this.t, name, set);
    return this.dialect.isWide ? file : this.narrowHandle(name);
  }

  /** The handle that versions 1 and 3 take for a name in the case's folder. */
  async narrowHandle(name: string): Promise<Buffer> {
    const missing = await this.t.target.missing(NFS2);
    if (missing !== undefined)
      throw new NotApplicable(`${this.dialect.program.name} takes handles of NFSv2: ${missing}`);
    const found = await this.t.on(NFS2).LOOKUP({ dir: await this.t.folder2(), name });
    if (found.status !== 'NFS_OK') throw new Error(`${name} cannot be looked up by NFSv2: ${found.status}`);
    return found.file;
  }

  test(owner: Owner, fh: Buffer, how: How = {}): Promise<Answer> {
    return this.call('TEST', this.testargs(owner, fh, how));
  }

  lock(owner: Owner, fh: Buffer, how: How = {}): Promise<Answer> {
    return this.call('LOCK', this.lockargs(owner, fh, how));
  }

  nmLock(owner: Owner, fh: Buffer, how: How = {}): Promise<Answer> {
    return this.call('NM_LOCK', this.lockargs(owner, fh, { state: 0, ...how }));
  }

  cancel(owner: Owner, fh: Buffer, how: How = {}): Promise<Answer> {
    return this.call('CANCEL', this.cancargs(owner, fh, how));
  }

  unlock(owner: Owner, fh: Buffer, how: How = {}): Promise<Answer> {
    return this.call('UNLOCK', this.unlockargs(owner, fh, how));
  }

  share(procedure: 'SHARE' | 'UNSHARE', owner: Owner, fh: Buffer, share: Share, cookie = newCookie()): Promise<Answer> {
    const { caller_name, oh } = owner;
    const args = { cookie, share: { caller_name, fh, oh, ...share }, reclaim: false };
    if (procedure === 'SHARE') this.#ends.push(() => this.call('UNSHARE', args));
    return this.call(procedure, args);
  }

  freeAll(name: string, state = 0): Promise<unknown> {
    return this.#raw('FREE_ALL', { name, state });
  }

  /** LOCK, again and again for as long as the server says that it is in its grace period. */
  async lockAfterGrace(owner: Owner, fh: Buffer, how: How = {}): Promise<Answer> {
    const deadline = Date.now() + LONGEST_GRACE_MILLISECONDS;
    for (;;) {
      const answer = await this.lock(owner, fh, how);
      if (answer.stat !== 'DENIED_GRACE_PERIOD' || Date.now() > deadline) return answer;
      await sleep(AGAIN_MILLISECONDS);
    }
  }

  /** A LOCK that has to be granted. */
  async take(owner: Owner, fh: Buffer, how: How = {}): Promise<void> {
    answers(await this.lock(owner, fh, how), 'GRANTED');
  }

  /** A LOCK that has to wait. */
  async wait(owner: Owner, fh: Buffer, how: How = {}): Promise<void> {
    answers(await this.lock(owner, fh, { ...how, block: true }), 'BLOCKED');
  }

  /** Some other process finds that it could have this lock. */
  async isFree(fh: Buffer, how: How = {}): Promise<void> {
    answers(await this.test(this.owner(), fh, how), 'GRANTED');
  }

  /** Some other process finds that it could not, and by whose lock. */
  async isTaken(fh: Buffer, how: How = {}): Promise<Holder> {
    const { holder } = answers(await this.test(this.owner(), fh, how), 'DENIED');
    if (holder === undefined) throw new Error('a denial without a holder');
    return holder;
  }

  /** Looks until some other process would have this answer: a server may do what it was told a little later. */
  async becomes(fh: Buffer, stat: Stat): Promise<void> {
    const owner = this.owner();
    for (let look = 0; ; look++) {
      const came = (await this.test(owner, fh)).stat;
      if (came === stat) return;
      check(look < LOOKS, `${stat} after a while`, came);
      await sleep(LOOK_MILLISECONDS);
    }
  }

  testargs(owner: Owner, fh: Buffer, { exclusive = true, cookie = newCookie(), ...how }: How): object {
    return { cookie, exclusive, alock: this.#alock(owner, fh, how) };
  }

  lockargs(owner: Owner, fh: Buffer, how: How): object {
    const { block = false, exclusive = true, reclaim = false, state = STATE, cookie = newCookie() } = how;
    this.#asked.add(owner.oh.toString('hex'));
    // A request that waits is taken back before anything is unlocked, so that it is not granted by that.
    if (block) this.#ends.unshift(() => this.cancel(owner, fh, how));
    this.#ends.push(() => this.unlock(owner, fh));
    return { cookie, block, exclusive, alock: this.#alock(owner, fh, how), reclaim, state };
  }

  cancargs(owner: Owner, fh: Buffer, { block = true, exclusive = true, cookie = newCookie(), ...how }: How): object {
    return { cookie, block, exclusive, alock: this.#alock(owner, fh, how) };
  }

  unlockargs(owner: Owner, fh: Buffer, { cookie = newCookie(), ...how }: How): object {
    return { cookie, alock: this.#alock(owner, fh, how) };
  }

  /** Calls a procedure that answers with a status. */
  async call(procedure: string, args: object): Promise<Answer> {
    const { cookie, stat } = (await this.#raw(procedure, args)) as WireAnswer;
    return answerOf(cookie, stat);
  }

  /** A message, which may have a reply or none; what comes of it comes by another message. */
  send(procedure: string, args: object): void {
    if ('cookie' in args && Buffer.isBuffer(args.cookie)) this.#cookies.add(args.cookie.toString('hex'));
    this.#transport.send(this.message(procedure, args));
  }

  /** True if a message was sent with this cookie. */
  hasSent(cookie: Buffer): boolean {
    return this.#cookies.has(cookie.toString('hex'));
  }

  /** True if one of this host's processes has asked for a lock. */
  hasAsked({ oh }: Owner): boolean {
    return this.#asked.has(oh.toString('hex'));
  }

  /** A call that can be sent more than once. */
  message(procedure: string, args: object): Buffer {
    const { program: prog, version: vers } = this.dialect.program;
    const { number: proc, args: type } = this.#row(procedure);
    const cred = authSys(this.#way.user ?? ALICE);
    return callMessage({ prog, vers, proc, cred, args: encode(type, args) });
  }

  /** Sends such a call, and gives its answer. */
  async exchange(procedure: string, message: Buffer): Promise<Answer> {
    const { body } = await exchange(this.#transport, message);
    if (body.reply_stat !== 'MSG_ACCEPTED' || body.reply.accept_stat !== 'SUCCESS')
      throw new RpcRefused(`${this.dialect.program.name} ${procedure}`, body);
    const { cookie, stat } = decode(this.#row(procedure).res, body.reply.results) as WireAnswer;
    return answerOf(cookie, stat);
  }

  /** Takes back and releases whatever was asked for. */
  async release(): Promise<void> {
    for (const end of this.#ends.splice(0)) {
      try {
        await end();
      } catch {
        // The case has its result; on a connection that is gone, the rest would fail too.
        return;
      }
    }
  }

  #raw(procedure: string, args: object): Promise<unknown> {
    const { program } = this.dialect;
    const cred = authSys(this.#way.user ?? ALICE);
    return call(this.#transport, program, procedure, this.#row(procedure), args, cred);
  }

  #row(procedure: string): Procedure<object, unknown> {
    const row = this.dialect.program.procedures[procedure];
    if (row === undefined) throw new Error(`${this.dialect.program.name} has no ${procedure}`);
    return row;
  }

  #alock({ caller_name, svid, oh }: Owner, fh: Buffer, { l_offset = 0n, l_len = 0n }: How): object {
    const wire = (value: bigint) => (this.dialect.isWide ? value : Number(value));
    return { caller_name, fh, oh, svid, l_offset: wire(l_offset), l_len: wire(l_len) };
  }
}

type WireHolder = Omit<Holder, 'l_offset' | 'l_len'> & {
  readonly l_offset: bigint | number;
  readonly l_len: bigint | number;
};
type WireStat = string | { readonly stat: string; readonly holder?: WireHolder };
export interface WireAnswer {
  readonly cookie: Buffer;
  readonly stat: WireStat;
}

/** A result of any version in one form. */
export function answerOf(cookie: Buffer, stat: WireStat): Answer {
  const [name, holder] = typeof stat === 'string' ? [stat, undefined] : [stat.stat, stat.holder];
  return {
    cookie,
    stat: name.replace(/^(LCK|NLM4)_/, '') as Stat,
    holder: holder && { ...holder, l_offset: BigInt(holder.l_offset), l_len: BigInt(holder.l_len) },
  };
}

export function newCookie(length = 8): Buffer {
  return randomBytes(length);
}

function connect(t: Context, { program }: Dialect, { kind = 'tcp', localAddress }: Way): Promise<Transport> {
  const options = localAddress === undefined ? {} : { localAddress };
  return kind === 'tcp' ? t.tcp(program, options) : t.udp(program, options);
}

/** The body of a case that locks. */
export function locking(dialect: Dialect, body: (l: Locks) => Promise<void>, way: Way = {}): Case['run'] {
  return async (t) => {
    const l = await Locks.open(t, dialect, way);
    try {
      await body(l);
    } finally {
      await l.release();
    }
  };
}
