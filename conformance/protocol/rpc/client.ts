import { randomInt } from 'node:crypto';
import type { Procedure, Program } from '../programs/program.ts';
import { authsys_parms, type call_msg, call_msg as callType, type opaque_auth, reply_msg } from '../programs/rpc.ts';
import { decode, encode, WireError } from '../wire.ts';
import { NoReply, RpcRefused } from './failures.ts';
import type { Transport } from './transport.ts';

/** How long a reply may take. A server that needs longer is taken for one that does not answer. */
export const REPLY_MILLISECONDS = 20_000;
/** After this, a call by UDP is sent once more: datagrams get lost. */
const RESEND_MILLISECONDS = 2_000;

const AUTH_NONE = 0;
const AUTH_SYS = 1;
export const NO_AUTH: opaque_auth = { flavor: AUTH_NONE, body: Buffer.alloc(0) };

/** Someone on the client's side. */
export interface User {
  readonly uid: number;
  readonly gid: number;
  readonly gids?: readonly number[];
}

export function authSys({ uid, gid, gids = [] }: User): opaque_auth {
  const parms = { stamp: 0, machinename: 'conformance', uid, gid, gids: [...gids] };
  return { flavor: AUTH_SYS, body: encode(authsys_parms, parms) };
}

let lastXid = randomInt(0x1_0000_0000);
/** A number that no call of this run had yet. */
export function newXid(): number {
  lastXid = (lastXid + 1) >>> 0;
  return lastXid;
}

/** A call message; every part may be overridden, so that a wrong one can be sent. */
export function callMessage(call: Partial<call_msg>): Buffer {
  return encode(callType, {
    ...{ xid: newXid(), mtype: 0, rpcvers: 2, prog: 100_003, vers: 3, proc: 0 },
    ...{ cred: NO_AUTH, verf: NO_AUTH, args: Buffer.alloc(0) },
    ...call,
  });
}

/** Sends a message, and decodes the reply to it. Throws NoReply, Disconnected or WireError. */
export async function exchange(
  transport: Transport,
  message: Buffer,
  milliseconds = REPLY_MILLISECONDS,
): Promise<reply_msg> {
  const xid = message.readUInt32BE(0);
  transport.send(message);
  const bytes = await (transport.kind === 'tcp'
    ? transport.reply(xid, milliseconds)
    : transport.reply(xid, RESEND_MILLISECONDS).catch((error) => {
        if (!(error instanceof NoReply)) throw error;
        transport.send(message);
        return transport.reply(xid, milliseconds);
      }));
  return decode(reply_msg, bytes);
}

/**
 * Calls one procedure and gives its result. Throws RpcRefused where the server did not run it, NoReply, Disconnected, or
 * WireError for bytes that are not what the procedure returns.
 */
export async function call<Args, Res>(
  transport: Transport,
  of: Program,
  name: string,
  { number, args, res }: Procedure<Args, Res>,
  value: Args,
  cred: opaque_auth,
): Promise<Res> {
  const message = callMessage({
    ...{ prog: of.program, vers: of.version, proc: number, cred },
    args: encode(args, value),
  });
  const what = `${of.name} ${name}`;
  try {
    const { body } = await exchange(transport, message);
    if (body.reply_stat !== 'MSG_ACCEPTED' || body.reply.accept_stat !== 'SUCCESS') throw new RpcRefused(what, body);
    return decode(res, body.reply.results);
  } catch (error) {
    if (error instanceof WireError) throw new WireError(`${what}: malformed reply: ${error.message}`);
    if (error instanceof NoReply) throw new NoReply(`${what}: ${error.message}`);
    throw error;
  }
}

/** A program's procedures as functions, for one caller on one transport. */
export type Client<P extends Program> = {
  readonly [K in keyof P['procedures']]: P['procedures'][K] extends Procedure<infer Args, infer Res>
    ? (...args: [Args] extends [undefined] ? [] : [args: Args]) => Promise<Res>
    : never;
};

export function client<P extends Program>(program: P, transport: Transport, cred: opaque_auth): Client<P> {
  const methods = Object.entries(program.procedures).map(([name, procedure]) => [
    name,
    (args: unknown) => call(transport, program, name, procedure, args, cred),
  ]);
  return Object.fromEntries(methods) as Client<P>;
}
