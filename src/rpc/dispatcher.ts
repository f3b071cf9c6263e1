import { LicenceLost } from '../common/licence.ts';
import type { Logger } from '../common/log.ts';
import type { ReplyJournal } from '../common/reply-journal.ts';
import { XdrError, type XdrReader, XdrWriter } from '../xdr/index.ts';
import type { Credential } from './credential.ts';
import {
  CALL,
  type CredentialReader,
  RPC_VERSION,
  SUCCESS,
  writeAccepted,
  writeRefusal,
  writeVersionMismatch,
} from './message.ts';
import { type OnceCall, OnceOnly, type StepObserver, UNDECIDED } from './once.ts';
import {
  type AnyProcedure,
  type Call,
  type Intend,
  NO_REPLY,
  type Peer,
  type ProgramVersion,
  type ServingLicence,
} from './program.ts';
import { GARBAGE_ARGS, PROC_UNAVAIL, PROG_MISMATCH, PROG_UNAVAIL, RpcRefusal, SYSTEM_ERR } from './refusal.ts';
import { ReplyCache } from './reply-cache.ts';

/** What a transport gives the dispatcher for each of its callers. */
export interface Caller {
  readonly peer: Peer;
  readonly credentials: CredentialReader;
  /**
   * Where replies are written. A transport that frames its messages does so around each reply: it is told where one
   * begins and where it ends.
   */
  readonly writer: XdrWriter;
  beginReply(): void;
  endReply(): void;
  /** Takes back what was written since {@link beginReply}. */
  cancelReply(): void;
}

/** Told of every call that ended, for tracing and metrics. `status` is `accept_stat`, or -1 for a denied call, -2 for silence. */
export interface CallObserver {
  ended(call: Call, row: AnyProcedure, status: number, milliseconds: number): void;
}

interface ProgramEntry {
  low: number;
  high: number;
  readonly versions: Map<number, readonly (AnyProcedure | undefined)[]>;
}

/** True: the call was answered (or needs no answer). A promise: it will be. False: this is no RPC call at all. */
export type Outcome = boolean | Promise<void>;

const ALWAYS: ServingLicence = { holds: () => true };

/**
 * Takes calls to the procedures of a set of programs, and their results back (RFC 5531 §9): every refusal that RPC knows,
 * the duplicate request cache, and the look at the serving licence when a call comes are here and nowhere else.
 */
export class Dispatcher {
  private readonly programs = new Map<number, ProgramEntry>();
  private readonly replies: ReplyCache;
  private readonly once: OnceOnly;
  /** Asked when a call comes. Transports ask it again right before they send its reply: it may have been lost meanwhile. */
  readonly licence: ServingLicence;
  private readonly log: Logger;
  /** Undefined costs nothing. */
  observer: CallObserver | undefined;

  constructor(
    programs: readonly ProgramVersion[],
    options: {
      log: Logger;
      licence?: ServingLicence;
      replies?: ReplyCache;
      /** Undefined: a crash forgets all replies. */
      journal?: ReplyJournal | undefined;
      observer?: CallObserver | undefined;
      /** For tests: told of each step of a call that is run only once. */
      steps?: StepObserver | undefined;
    },
  ) {
    this.log = options.log;
    this.licence = options.licence ?? ALWAYS;
    this.replies = options.replies ?? new ReplyCache();
    this.observer = options.observer;
    this.once = new OnceOnly({ ...options, replies: this.replies });
    for (const program of programs) this.add(program);
  }

  private add({ program, version, procedures }: ProgramVersion): void {
    const rows: (AnyProcedure | undefined)[] = [];
    for (const row of procedures) rows[row.number] = row;
    const entry = this.programs.get(program) ?? { low: version, high: version, versions: new Map() };
    entry.low = Math.min(entry.low, version);
    entry.high = Math.max(entry.high, version);
    entry.versions.set(version, rows);
    this.programs.set(program, entry);
  }

  /**
   * Finds out which calls of an earlier process had been carried out when it crashed. To be done before any call is
   * taken: what a client changes from then on must not be mistaken for what an earlier call did.
   */
  recover(): Promise<void> {
    return this.once.recover(
      ({ program, version, procedure }) => this.programs.get(program)?.versions.get(version)?.[procedure],
    );
  }

  /** Runs the call that `from` stands at. Everything it reads is valid until the outcome is there. */
  dispatch(from: XdrReader, caller: Caller): Outcome {
    // xid, CALL, and enough of a header to answer to; less is not RPC.
    if (from.remaining < 8) return false;
    const xid = from.uint32();
    if (from.uint32() !== CALL) return false;
    if (!this.licence.holds()) return true;
    try {
      return this.accept(from, caller, xid);
    } catch (error) {
      // RFC 5531 has no answer for a header that ends too early; GARBAGE_ARGS tells the caller that it is at fault.
      if (error instanceof XdrError) return refuse(caller, xid, RpcRefusal.accept(GARBAGE_ARGS));
      if (error instanceof RpcRefusal) return refuse(caller, xid, error);
      throw error;
    }
  }

  private accept(from: XdrReader, caller: Caller, xid: number): Outcome {
    if (from.uint32() !== RPC_VERSION) {
      caller.beginReply();
      writeVersionMismatch(caller.writer, xid);
      caller.endReply();
      return true;
    }
    const program = from.uint32();
    const version = from.uint32();
    const number = from.uint32();
    const entry = this.programs.get(program);
    if (entry === undefined) return refuseProgram(caller, xid, PROG_UNAVAIL);
    const rows = entry.versions.get(version);
    if (rows === undefined) return refuseProgram(caller, xid, PROG_MISMATCH, entry);
    const row = rows[number];
    if (row === undefined) return refuse(caller, xid, RpcRefusal.accept(PROC_UNAVAIL));
    const credential = caller.credentials.read(from);
    const call = new IncomingCall(xid, program, version, number, credential, caller.peer);
    const started = this.observer === undefined ? 0 : performance.now();
    return row.idempotent ? this.run(row, call, from, caller, started) : this.runOnce(row, call, from, caller, started);
  }

  private run(row: AnyProcedure, call: Call, from: XdrReader, caller: Caller, started: number): Outcome {
    const args = row.args.read(from);
    from.finish();
    let result: unknown;
    try {
      result = row.handle(args, call);
    } catch (error) {
      return this.failed(row, call, caller, started, error);
    }
    if (result instanceof Promise) {
      return result.then(
        (value) => this.succeeded(row, call, caller, started, value),
        (error) => void this.failed(row, call, caller, started, error),
      );
    }
    this.succeeded(row, call, caller, started, result);
    return true;
  }

  private succeeded(row: AnyProcedure, call: Call, caller: Caller, started: number, result: unknown): void {
    if (result === NO_REPLY) {
      this.observer?.ended(call, row, -2, performance.now() - started);
      return;
    }
    caller.beginReply();
    try {
      writeAccepted(caller.writer, call.xid, SUCCESS);
      row.res.write(caller.writer, result);
    } catch (error) {
      caller.cancelReply();
      this.failed(row, call, caller, started, error);
      return;
    }
    caller.endReply();
    if (this.observer !== undefined) this.observer.ended(call, row, SUCCESS, performance.now() - started);
  }

  /**
   * A handler threw: a refusal of its own, silence for want of the licence, or a fault of ours, which is SYSTEM_ERR and a
   * line in the log.
   */
  private failed(row: AnyProcedure, call: Call, caller: Caller, started: number, error: unknown): true {
    if (error instanceof LicenceLost) {
      this.observer?.ended(call, row, -2, performance.now() - started);
      return true;
    }
    const refusal = this.refusalFor(row, call, error);
    caller.beginReply();
    writeRefusal(caller.writer, call.xid, refusal);
    caller.endReply();
    this.observer?.ended(call, row, refusal.kind === 'accept' ? refusal.status : -1, performance.now() - started);
    return true;
  }

  private refusalFor(row: AnyProcedure, call: Call, error: unknown): RpcRefusal {
    if (error instanceof RpcRefusal) return error;
    this.log.error({ err: error, procedure: row.name, client: call.peer.address }, `${row.name} failed unexpectedly`);
    return RpcRefusal.accept(SYSTEM_ERR);
  }

  private runOnce(row: AnyProcedure, call: OnceCall, from: XdrReader, caller: Caller, started: number): Outcome {
    const raw = from.peek();
    const key = ReplyCache.key(call, raw);
    const deliver = (body: Buffer) => this.deliver(caller, call.xid, body);
    const seen = this.replies.begin(key, deliver);
    if (seen.action === 'drop') return true;
    if (seen.action === 'replay') {
      deliver(seen.body);
      return true;
    }
    const settle = (result: unknown): void => {
      if (result === UNDECIDED) return;
      if (result === NO_REPLY) {
        this.once.aborted(key);
        return;
      }
      const body = new XdrWriter(512);
      row.res.write(body, result);
      const bytes = body.toBuffer();
      this.once.ended(row, call, key, bytes);
      deliver(bytes);
      this.replies.done(key, bytes);
      this.observer?.ended(call, row, SUCCESS, performance.now() - started);
    };
    const abort = (error: unknown): true => {
      if (error instanceof LicenceLost) this.once.brokenOff(key);
      else this.once.aborted(key);
      return this.failed(row, call, caller, started, error);
    };
    let args: unknown;
    try {
      args = row.args.read(from);
      from.finish();
    } catch (error) {
      this.once.aborted(key);
      throw error;
    }
    try {
      const result = this.once.run(row, call, key, args, raw, seen);
      if (result instanceof Promise) return result.then(settle).catch((error) => void abort(error));
      settle(result);
      return true;
    } catch (error) {
      return abort(error);
    }
  }

  private deliver(caller: Caller, xid: number, body: Buffer): void {
    caller.beginReply();
    writeAccepted(caller.writer, xid, SUCCESS);
    caller.writer.raw(body);
    caller.endReply();
  }
}

class IncomingCall implements OnceCall {
  readonly xid: number;
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  readonly credential: Credential;
  readonly peer: Peer;
  intend: Intend | undefined = undefined;

  constructor(xid: number, program: number, version: number, procedure: number, credential: Credential, peer: Peer) {
    this.xid = xid;
    this.program = program;
    this.version = version;
    this.procedure = procedure;
    this.credential = credential;
    this.peer = peer;
  }
}

function refuse(caller: Caller, xid: number, refusal: RpcRefusal): true {
  caller.beginReply();
  writeRefusal(caller.writer, xid, refusal);
  caller.endReply();
  return true;
}

function refuseProgram(caller: Caller, xid: number, status: number, range?: { low: number; high: number }): true {
  caller.beginReply();
  writeAccepted(caller.writer, xid, status);
  if (range !== undefined) {
    caller.writer.uint32(range.low);
    caller.writer.uint32(range.high);
  }
  caller.endReply();
  return true;
}
