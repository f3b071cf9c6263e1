import { cases, type Draft } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import type { Program } from '../programs/program.ts';
import type { call_msg } from '../programs/rpc.ts';
import { authSys, callMessage, exchange } from '../rpc/client.ts';
import { Disconnected, NoReply, refusalOf } from '../rpc/failures.ts';
import type { TcpTransport } from '../rpc/tcp.ts';
import type { Transport } from '../rpc/transport.ts';
import { ALICE } from '../target.ts';
import { encode } from '../wire.ts';

/** How long to wait for what must not come, or may not. */
const PATIENCE_MILLISECONDS = 1_500;

const { GETATTR } = NFS3.procedures;

/** Cases of the RPC layer itself. Where any program would do, it is NFSv3. */
export function rpcCases(procedure: string, clause: string, drafts: readonly Draft[], program: Program = NFS3) {
  return cases({ program, group: 'RPC', procedure, clause }, drafts);
}

/** What the server says to a call: `SUCCESS`, or the refusal's name. */
export async function answerTo(transport: Transport, call: Partial<call_msg>): Promise<string> {
  const { body } = await exchange(transport, callMessage(call));
  return refusalOf(body);
}

/** The same where a server may also close the connection (`closed`) or say nothing (`silence`). */
export async function reactionTo(transport: Transport, message: Buffer): Promise<string> {
  try {
    const { body } = await exchange(transport, message, PATIENCE_MILLISECONDS);
    return refusalOf(body);
  } catch (error) {
    if (error instanceof Disconnected) return 'closed';
    if (error instanceof NoReply) return 'silence';
    throw error;
  }
}

/** Throws unless nothing comes in answer to this xid for a while. */
export async function staysSilent(transport: Transport, xid: number): Promise<void> {
  const came = await transport.reply(xid, PATIENCE_MILLISECONDS).catch((error) => {
    if (error instanceof NoReply || error instanceof Disconnected) return undefined;
    throw error;
  });
  check(came === undefined, 'no reply', `${came?.length} bytes`);
}

/** A GETATTR of the export's root as ALICE: a call with arguments and a result. */
export function getattrOf(t: Context, call: Partial<call_msg> = {}): Buffer {
  return callMessage({ proc: GETATTR.number, cred: authSys(ALICE), args: getattrArguments(t), ...call });
}

export function getattrArguments(t: Context): Buffer {
  return encode(GETATTR.args, { object: t.root });
}

export const xidOf = (message: Buffer): number => message.readUInt32BE(0);

/** The call after one that was refused is served on the same connection. */
export async function nextIsServed(transport: Transport): Promise<void> {
  equal('the next call on this connection', await answerTo(transport, {}), 'SUCCESS');
}

/** A new connection is served: whatever was sent on another one, the server lives. */
export async function othersAreServed(t: Context): Promise<void> {
  equal('a call on a new connection', await answerTo(await t.tcp(), {}), 'SUCCESS');
}

/** Sends bytes that are no proper record on a connection of their own, and looks whether the server lives. */
export async function survives(t: Context, bytes: Buffer): Promise<TcpTransport> {
  const tcp = await t.tcp();
  tcp.write(bytes);
  await othersAreServed(t);
  return tcp;
}

/** Throws unless the server closes the connection. */
export async function isClosed(tcp: TcpTransport): Promise<void> {
  check(await tcp.closedWithin(5_000), 'the server to close the connection', 'an open one');
}

/** XDR by hand, for what no declaration would write. */
export function words(...parts: readonly (number | Buffer | string)[]): Buffer {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part !== 'number') return Buffer.from(part);
      const word = Buffer.alloc(4);
      word.writeUInt32BE(part);
      return word;
    }),
  );
}
