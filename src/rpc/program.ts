import type { Awaitable } from '../common/awaitable.ts';
import type { Xdr } from '../xdr/index.ts';
import type { Credential } from './credential.ts';

/** Who sent a call, and by which way. One object for the life of a connection; for UDP, one for each datagram. */
export interface Peer {
  readonly transport: 'tcp' | 'udp';
  /** The caller's address; an IPv4 address stands in dotted form also when it came in through IPv6. */
  readonly address: string;
  readonly port: number;
  /** Our own address that the caller spoke to. */
  readonly localAddress: string;
  readonly localPort: number;
  /** The most bytes that a reply's bulk data may have on this transport. */
  readonly maxData: number;
}

/** What a procedure knows of a call besides its arguments. Valid until the reply is made. */
export interface Call {
  readonly xid: number;
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  /** The same object for calls of one connection with equal credentials, so that things may be kept per credential. */
  readonly credential: Credential;
  readonly peer: Peer;
  /**
   * To be told what the call has found, right before it changes anything: this is what {@link Replay.carriedOut} will
   * have to go by after a crash. Calls that change nothing are as good the second time. Undefined if nobody keeps it.
   */
  readonly intend?: Intend | undefined;
}

/** `stable`: the change is to be on stable storage before the reply, so the note is, too. */
export type Intend = (note: Buffer, stable: boolean) => void;

/** A handler's answer to a call that gets no reply at all: NLM's one-way messages, portmap's CALLIT. */
export const NO_REPLY: unique symbol = Symbol('no reply');

/** How a call that was under way when the server crashed is answered when it is asked again. */
export interface Replay<Args, Res> {
  /**
   * Looks whether the call was carried out that had given this note to {@link Call.intend}.
   * @returns its result; undefined if it was not: it is to run; {@link NO_REPLY} if that cannot be told now.
   */
  carriedOut(args: Args, note: Buffer, call: Call): Awaitable<Res | typeof NO_REPLY | undefined>;
}

/** One row of a program's table. Dispatch, the duplicate request cache and the metrics read it and nothing else. */
export interface Procedure<Args, Res> {
  readonly number: number;
  /** The name in the RFC. */
  readonly name: string;
  readonly args: Xdr<Args>;
  readonly res: Xdr<Res>;
  /** False if running a repeated call a second time would give another answer: its reply is kept and replayed. */
  readonly idempotent: boolean;
  /**
   * A row that has it is in the reply journal: its intents, and its results. The others are replayed from memory alone, and
   * a crash forgets their replies.
   */
  readonly replay?: Replay<Args, Res> | undefined;
  /**
   * @returns the result, or {@link NO_REPLY}.
   * Throws {@link RpcRefusal} to refuse the call; anything else it throws is a fault of ours: SYSTEM_ERR and a log line.
   */
  handle(args: Args, call: Call): Awaitable<Res | typeof NO_REPLY>;
}

// biome-ignore lint/suspicious/noExplicitAny: a table holds rows of many types; each row was checked where it was made.
export type AnyProcedure = Procedure<any, any>;

/** A version of a program: its rows by procedure number. A number without a row is PROC_UNAVAIL. */
export interface ProgramVersion {
  readonly program: number;
  readonly version: number;
  /** As in rpcinfo: `nfs`, `mountd`, `portmapper`, `nlockmgr`, `status`, `rquotad`, `nfs_acl`. */
  readonly name: string;
  readonly procedures: readonly AnyProcedure[];
}

/** Makes a row; the handler's types are inferred from the descriptors. */
export function procedure<Args, Res>(row: Procedure<Args, Res>): Procedure<Args, Res> {
  return row;
}

/** Says whether this process may answer now. Without it, calls are met with silence, so that the client tries again elsewhere. */
export interface ServingLicence {
  holds(): boolean;
}
