import type { reply_msg } from '../programs/rpc.ts';

/** What a server may do instead of answering. Each counts as a failure of the case, not of the suite. */
export class NoReply extends Error {
  override readonly name = 'NoReply';
}

/** The connection was closed, or could not be made. */
export class Disconnected extends Error {
  override readonly name = 'Disconnected';
}

/** A reply that says that the call was not run. */
export class RpcRefused extends Error {
  override readonly name = 'RpcRefused';
  readonly body: reply_msg['body'];

  constructor(call: string, body: reply_msg['body']) {
    super(`${call}: ${refusalOf(body)}`);
    this.body = body;
  }
}

/** `PROG_MISMATCH 2..3`, `AUTH_ERROR AUTH_TOOWEAK`; `SUCCESS` for a call that was run. */
export function refusalOf(body: reply_msg['body']): string {
  if (body.reply_stat === 'MSG_ACCEPTED') {
    const { reply } = body;
    return reply.accept_stat === 'PROG_MISMATCH' ? `PROG_MISMATCH ${reply.low}..${reply.high}` : reply.accept_stat;
  }
  const { denied } = body;
  return denied.reject_stat === 'RPC_MISMATCH'
    ? `RPC_MISMATCH ${denied.low}..${denied.high}`
    : `AUTH_ERROR ${denied.auth_stat}`;
}
