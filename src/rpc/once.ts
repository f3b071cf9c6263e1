import { type Awaitable, then } from '../common/awaitable.ts';
import type { Logger } from '../common/log.ts';
import type { ReplyJournal } from '../common/reply-journal.ts';
import { XdrError, XdrReader, XdrWriter } from '../xdr/index.ts';
import { decodeIntent, encodeIntent } from './intent.ts';
import { type AnyProcedure, type Call, type Intend, NO_REPLY } from './program.ts';
import type { ReplyCache, Seen } from './reply-cache.ts';

/** How far a recorded call has come. */
export type Step = 'called' | 'intent written' | 'carried out' | 'result written';
export type StepObserver = (step: Step, call: Call) => void;

/** Whether the call was carried out cannot be told now: no reply, and the same question when it is asked again. */
export const UNDECIDED: unique symbol = Symbol('undecided');

/** A call as it comes in: nobody keeps its intent yet. */
export interface OnceCall extends Call {
  intend: Intend | undefined;
}

interface OnceOptions {
  readonly log: Logger;
  readonly replies: ReplyCache;
  readonly journal?: ReplyJournal | undefined;
  readonly steps?: StepObserver | undefined;
}

/**
 * Runs calls that must not run twice, and keeps the account of them by which a server that takes over after a crash knows
 * what was done: an intent before the call, its result after it.
 */
export class OnceOnly {
  private readonly log: Logger;
  private readonly replies: ReplyCache;
  private readonly journal: ReplyJournal | undefined;
  private readonly steps: StepObserver | undefined;

  constructor({ log, replies, journal, steps }: OnceOptions) {
    this.log = log;
    this.replies = replies;
    this.journal = journal;
    this.steps = steps;
    for (const { key, kind, bytes } of journal?.found ?? []) {
      if (kind === 'result') replies.done(key, bytes);
      else replies.doubt(key, bytes);
    }
  }

  /** Looks what became of every call that was under way, all at once. What cannot be told now stays in doubt. */
  async recover(rowOf: (call: Call) => AnyProcedure | undefined): Promise<void> {
    const intents = this.journal?.found.filter(({ kind }) => kind === 'intent') ?? [];
    const outcomes = await Promise.all(intents.map(({ key, bytes }) => this.recoverOne(key, bytes, rowOf)));
    const found = outcomes.filter((outcome) => outcome).length;
    if (intents.length > 0)
      this.log.info({ calls: intents.length, carriedOut: found }, 'looked after interrupted calls');
  }

  /** @returns the result, {@link NO_REPLY} or {@link UNDECIDED}. */
  run(row: AnyProcedure, call: OnceCall, key: string, args: unknown, raw: Buffer, seen: Seen): Awaitable<unknown> {
    if (seen.action !== 'decide' || row.replay === undefined) return this.start(row, call, key, args, raw);
    const { intent } = seen;
    return then(row.replay.carriedOut(args, decodeIntent(intent).note, call), (result) => {
      if (result === undefined) return this.start(row, call, key, args, raw);
      if (result !== NO_REPLY) return result;
      this.replies.doubt(key, intent);
      return UNDECIDED;
    });
  }

  /** The call has this result, and the reply has not left. */
  ended(row: AnyProcedure, call: Call, key: string, body: Buffer): void {
    if (row.replay === undefined) return;
    this.journal?.result(key, body);
    this.steps?.('result written', call);
  }

  /** The call came to no result; a retransmission is to run. */
  aborted(key: string): void {
    this.replies.aborted(key);
    this.journal?.aborted(key);
  }

  /** The call broke off in the middle: what became of it is for the next holder of the state to find out. */
  brokenOff(key: string): void {
    this.replies.aborted(key);
  }

  private start(row: AnyProcedure, call: OnceCall, key: string, args: unknown, raw: Buffer): Awaitable<unknown> {
    const { journal } = this;
    if (row.replay === undefined || journal === undefined) return row.handle(args, call);
    this.steps?.('called', call);
    let flushed: Awaitable<void>;
    call.intend = (note, stable) => {
      journal.intent(key, encodeIntent(call, note, raw));
      this.steps?.('intent written', call);
      // Side by side with the change's own flush: see docs/failover.md for what that is good for.
      if (stable) flushed = journal.flush();
    };
    return then(row.handle(args, call), (result: unknown) => {
      this.steps?.('carried out', call);
      return then(flushed, () => result);
    });
  }

  private async recoverOne(
    key: string,
    intent: Buffer,
    rowOf: (call: Call) => AnyProcedure | undefined,
  ): Promise<boolean> {
    this.replies.begin(key, () => {});
    try {
      const { call, note, args } = decodeIntent(intent);
      const row = rowOf(call);
      if (row?.replay === undefined) throw new XdrError('a call that this version does not know');
      const result: unknown = await row.replay.carriedOut(row.args.read(new XdrReader(args)), note, call);
      if (result === NO_REPLY) this.replies.doubt(key, intent);
      else if (result === undefined) this.aborted(key);
      else {
        const body = new XdrWriter(512);
        row.res.write(body, result);
        const bytes = body.toBuffer();
        this.journal?.result(key, bytes);
        this.replies.done(key, bytes);
        return true;
      }
    } catch (error) {
      this.log.error(
        { err: error },
        'what became of an interrupted call cannot be told; it runs again if it is asked again',
      );
      this.aborted(key);
    }
    return false;
  }
}
