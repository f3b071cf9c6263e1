import type { Caller, Dispatcher } from '../../../src/rpc/index.ts';
import { XdrReader, XdrWriter } from '../../../src/xdr/index.ts';
import type { Alterations } from '../server.ts';

/** Where the words of a call's header are, in bytes. */
export const CALL = { mtype: 4, rpcvers: 8, prog: 12, vers: 16, proc: 20, flavor: 24, body: 28 } as const;
/** And of an accepted reply's. */
export const REPLY = { stat: 8, verifier: 12, accept: 20, low: 24, high: 28 } as const;
const HEADER_BYTES = 40;

interface Changes {
  /** Gives the bytes of the call to run. Whoever calls is the same object for all calls of a connection. */
  call?(message: Buffer, caller: Caller): Buffer;
  /** Gives the replies to send instead of this one. */
  reply?(message: Buffer, caller: Caller): readonly Buffer[];
}

/** Exchanges calls before the server sees them, and replies before they leave. Bytes that are no call stay. */
export function onMessages({ call, reply }: Changes): Pick<Alterations, 'dispatcher'> {
  return {
    dispatcher: (sound) =>
      new Proxy(sound, {
        get: (target, key) => {
          if (key !== 'dispatch') return Reflect.get(target, key, target);
          const dispatch: Dispatcher['dispatch'] = (from, caller) => {
            const message = Buffer.from(from.peek());
            const changed = message.length < HEADER_BYTES ? message : (call?.(message, caller) ?? message);
            return target.dispatch(new XdrReader(changed), reply === undefined ? caller : replying(caller, reply));
          };
          return dispatch;
        },
      }),
  };
}

function replying(caller: Caller, change: NonNullable<Changes['reply']>): Caller {
  const writer = new XdrWriter();
  return {
    ...{ peer: caller.peer, credentials: caller.credentials, writer },
    beginReply: () => {},
    endReply: () => {
      const message = Buffer.from(writer.toBuffer());
      writer.reuse();
      for (const each of change(message, caller)) {
        caller.beginReply();
        caller.writer.raw(each);
        caller.endReply();
      }
    },
    cancelReply: () => writer.reuse(),
  };
}

/** The same bytes with one word exchanged. */
export function withWord(message: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(message);
  changed.writeUInt32BE(value, at);
  return changed;
}

/** Exchanges one word of every call or reply that is long enough to have it. */
export const callWord = (at: number, change: (word: number) => number) =>
  onMessages({ call: (message) => withWord(message, at, change(message.readUInt32BE(at))) });

export const replyWord = (at: number, change: (word: number, message: Buffer) => number) =>
  onMessages({
    reply: (message) => [
      message.length < at + 4 ? message : withWord(message, at, change(message.readUInt32BE(at), message)),
    ],
  });

/** The same call with another credential. */
export function withCredential(message: Buffer, change: (flavor: number, body: Buffer) => [number, Buffer]): Buffer {
  const end = CALL.body + 4 + message.readUInt32BE(CALL.body);
  if (end > message.length) return message;
  const [flavor, body] = change(message.readUInt32BE(CALL.flavor), message.subarray(CALL.body + 4, end));
  const head = Buffer.alloc(8);
  head.writeUInt32BE(flavor);
  head.writeUInt32BE(body.length, 4);
  return Buffer.concat([message.subarray(0, CALL.flavor), head, body, message.subarray(end)]);
}
