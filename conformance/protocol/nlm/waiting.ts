import type { Case } from '../case.ts';
import type { Context } from '../context.ts';
import { CallbackHost } from '../rpc/callback-host.ts';
import { NoReply } from '../rpc/failures.ts';
import { type Heard, SILENCE } from '../rpc/listener.ts';
import { type Answer, answerOf, type Dialect, Locks, type Owner, type Way, type WireAnswer } from './locks.ts';

/** How long a server may take to tell of a lock, and to answer a message. */
const HEAR_MILLISECONDS = 30_000;

/** NLM_GRANTED or NLM_GRANTED_MSG, as it came. */
export interface Grant {
  readonly procedure: string;
  readonly cookie: Buffer;
  readonly exclusive: boolean;
  readonly alock: Owner & { readonly fh: Buffer; readonly l_offset: bigint; readonly l_len: bigint };
}

interface Listening {
  readonly wants: (heard: Heard) => boolean;
  take(heard: Heard): void;
}

/** A host that the server can call back: it is told of grants, and has messages answered. */
export class Waiting {
  readonly l: Locks;
  /** What the host says to a grant; SILENCE: nothing. */
  saysToGrant: 'GRANTED' | 'DENIED' | typeof SILENCE = 'GRANTED';
  readonly #kept: Heard[] = [];
  readonly #listening = new Set<Listening>();

  constructor(l: Locks) {
    this.l = l;
  }

  /** The next grant for one of these owners. Throws NoReply. */
  async grant(...owners: readonly Owner[]): Promise<Grant> {
    const isMeant = (heard: Heard) => isGrant(heard) && owners.some((owner) => isFor(heard, owner));
    const { procedure, args } = await this.#next('NLM_GRANTED', isMeant);
    return grantOf(procedure, args);
  }

  /** Whether a grant for this owner has come that was not asked after. */
  hasGrant(owner: Owner): boolean {
    return this.#kept.some((heard) => isGrant(heard) && isFor(heard, owner));
  }

  /** The message that answers the one with this cookie. Throws NoReply. */
  async response(procedure: string, cookie: Buffer): Promise<Answer> {
    const { args } = await this.#next(`NLM_${procedure}`, (heard) => {
      const { program, version } = this.l.dialect.program;
      const isMeant = heard.procedure === procedure && heard.program.program === program;
      return isMeant && heard.program.version === version && (heard.args as WireAnswer).cookie.equals(cookie);
    });
    const answer = args as WireAnswer;
    return answerOf(answer.cookie, answer.stat);
  }

  /** Takes in a call of the server's. Undefined for what is another case's. */
  hear(heard: Heard): unknown {
    const { program, procedure } = heard;
    if (program.program !== this.l.dialect.program.program) return undefined;
    if (isGrant(heard)) {
      if (!this.l.hasAsked(grantOf(procedure, heard.args).alock)) return undefined;
      this.#keep(heard);
      return this.#answerGrant(heard);
    }
    if (!procedure.endsWith('_RES')) return undefined;
    if (!this.l.hasSent((heard.args as WireAnswer).cookie)) return undefined;
    this.#keep(heard);
    return SILENCE;
  }

  #answerGrant({ program, procedure, args }: Heard): unknown {
    if (this.saysToGrant === SILENCE) return SILENCE;
    const prefix = program.version === 4 ? 'NLM4' : 'LCK';
    const res = { cookie: (args as WireAnswer).cookie, stat: `${prefix}_${this.saysToGrant}` };
    if (procedure === 'GRANTED') return res;
    this.l.send('GRANTED_RES', res);
    return SILENCE;
  }

  #keep(heard: Heard): void {
    for (const listening of this.#listening) {
      if (!listening.wants(heard)) continue;
      listening.take(heard);
      return;
    }
    this.#kept.push(heard);
  }

  #next(what: string, wants: Listening['wants']): Promise<Heard> {
    const index = this.#kept.findIndex(wants);
    const [kept] = index < 0 ? [] : this.#kept.splice(index, 1);
    if (kept !== undefined) return Promise.resolve(kept);
    return new Promise((resolve, reject) => {
      const listening: Listening = {
        wants,
        take: (heard) => {
          clearTimeout(timer);
          this.#listening.delete(listening);
          resolve(heard);
        },
      };
      const timer = setTimeout(() => {
        this.#listening.delete(listening);
        reject(new NoReply(`no ${what} came within ${HEAR_MILLISECONDS / 1000} s`));
      }, HEAR_MILLISECONDS);
      this.#listening.add(listening);
    });
  }
}

function isGrant({ procedure }: Heard): boolean {
  return procedure === 'GRANTED' || procedure === 'GRANTED_MSG';
}

function isFor({ args }: Heard, { svid, oh }: Owner): boolean {
  const { alock } = args as Grant;
  return alock.svid === svid && alock.oh.equals(oh);
}

function grantOf(procedure: string, args: unknown): Grant {
  const { cookie, exclusive, alock } = args as Grant;
  const { l_offset, l_len, ...rest } = alock;
  return { procedure, cookie, exclusive, alock: { ...rest, l_offset: BigInt(l_offset), l_len: BigInt(l_len) } };
}

/** The body of a case whose host is called back. Its name is its address, by which some servers look for it. */
export function waiting(
  dialect: Dialect,
  body: (w: Waiting, l: Locks, t: Context) => Promise<void>,
  way: Way = {},
): Case['run'] {
  return async (t) => {
    const host = await CallbackHost.for(t);
    const l = await Locks.open(t, dialect, { ...way, localAddress: host.address, name: host.address });
    const w = new Waiting(l);
    const leave = host.subscribe((heard) => w.hear(heard));
    try {
      await body(w, l, t);
    } finally {
      await l.release();
      leave();
    }
  };
}
