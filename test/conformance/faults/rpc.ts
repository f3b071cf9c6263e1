import { RecordReader } from '../../../src/rpc/record.ts';
import type { Alterations } from '../server.ts';
import type { Fault } from './fault.ts';
import { CALL, callWord, onMessages, REPLY, replyWord, withCredential, withWord } from './messages.ts';

const AUTH_NONE = 0;
const AUTH_SYS = 1;
const UNKNOWN_FLAVOR = 99;
const PROG_UNAVAIL = 1;
const PROG_MISMATCH = 2;
const PROC_UNAVAIL = 3;
const GARBAGE_ARGS = 4;
const SYSTEM_ERR = 5;
const MSG_DENIED = 1;
const SUCCESS_BYTES = 24;
const LAST_NFS_PROCEDURE = 21;
const NFS = 100_003;
const MOST_HANDLE_BYTES = 64;
const MNT3 = { program: 100_005, version: 3 };

/** uid and gid 0, no name and no groups. */
const ROOTS_BODY = Buffer.alloc(20);

/** AUTH_SYS with at most so many groups; others as they are. */
const groupsCut = (most: number) =>
  onMessages({
    call: (message) =>
      withCredential(message, (flavor, body) => {
        if (flavor !== AUTH_SYS || body.length < ROOTS_BODY.length) return [flavor, body];
        const at = 16 + nameBytes(body);
        if (at + 4 > body.length || body.readUInt32BE(at) <= most) return [flavor, body];
        return [flavor, withWord(body.subarray(0, at + 4 + 4 * most), at, most)];
      }),
  });

function nameBytes(body: Buffer): number {
  return (body.readUInt32BE(4) + 3) & ~3;
}

const fromStat = (accept: number, to: number) =>
  replyWord(REPLY.accept, (word, message) => (isAccepted(message) && word === accept ? to : word));
const isAccepted = (message: Buffer) => message.readUInt32BE(REPLY.stat) !== MSG_DENIED;
const firstOf = new WeakMap<object, Buffer>();

/** Exchanges a method of the record reader for as long as the server runs. */
function onRecords(change: (sound: () => boolean, reader: Inside) => boolean): Pick<Alterations, 'meddle'> {
  return {
    meddle: () => {
      const prototype: { readMark(): boolean } = RecordReader.prototype as never;
      const sound = prototype.readMark;
      prototype.readMark = function readMark(this: Inside) {
        return change(() => sound.call(this), this);
      };
      return () => {
        prototype.readMark = sound;
      };
    },
  };
}
/** What {@link RecordReader} keeps of a mark: how many of its bytes have come, and what it said. */
interface Inside {
  markBytes: number;
  missing: number;
  lastFragment: boolean;
  readMark(): boolean;
}

/** Faults below every program. */
export const RPC_FAULTS: readonly Fault[] = [
  {
    name: 'rpc-version-unchecked',
    breaks: 'any RPC version is taken for 2',
    caughtBy: ['RPC/RPC_MISMATCH/version-3', 'RPC/RPC_MISMATCH/udp'],
    ...callWord(CALL.rpcvers, () => 2),
  },
  {
    name: 'rpc-mismatch-range',
    breaks: 'RPC_MISMATCH claims versions 2 to 3',
    caughtBy: ['RPC/RPC_MISMATCH/version-1'],
    ...replyWord(20, (word, message) => (isAccepted(message) || message.readUInt32BE(12) !== 0 ? word : 3)),
  },
  {
    name: 'rpc-xid-zero',
    breaks: 'a call with xid 0 is answered with xid 1',
    caughtBy: ['RPC/messages/xid-comes-back'],
    ...replyWord(0, (xid) => (xid === 0 ? 1 : xid)),
  },
  {
    name: 'rpc-reply-verifier',
    breaks: 'replies have a verifier of AUTH_SYS',
    caughtBy: ['RPC/messages/reply-verifier', 'RPC/NULL/MOUNTv3'],
    ...replyWord(REPLY.verifier, (word, message) => (isAccepted(message) ? AUTH_SYS : word)),
  },
  {
    name: 'rpc-answers-replies',
    breaks: 'a reply is taken for a call',
    caughtBy: ['RPC/messages/reply-sent-to-the-server', 'RPC/datagrams/reply-sent-to-the-server'],
    ...callWord(CALL.mtype, () => 0),
  },
  {
    name: 'rpc-answers-twice',
    breaks: 'every reply is sent twice',
    caughtBy: ['RPC/connections/many-in-one-segment'],
    ...onMessages({ reply: (message) => [message, message] }),
  },
  {
    name: 'rpc-null-has-a-result',
    breaks: 'procedures without a result give back a word',
    caughtBy: ['RPC/NULL/NFSv3', 'RPC/NULL/NLMv4-udp'],
    ...onMessages({
      reply: (message) => [message.length === SUCCESS_BYTES ? Buffer.concat([message, Buffer.alloc(4)]) : message],
    }),
  },
  {
    name: 'rpc-prog-unavail-as-proc-unavail',
    breaks: 'an unknown program is an unknown procedure',
    caughtBy: ['RPC/PROG_UNAVAIL/unknown', 'RPC/PROG_UNAVAIL/udp'],
    ...fromStat(PROG_UNAVAIL, PROC_UNAVAIL),
  },
  {
    name: 'rpc-prog-mismatch-swapped',
    breaks: 'PROG_MISMATCH swaps low and high',
    caughtBy: ['RPC/PROG_MISMATCH/NFSv3', 'RPC/PROG_MISMATCH/MOUNTv3'],
    ...onMessages({
      reply: (message) => {
        if (!isAccepted(message) || message.readUInt32BE(REPLY.accept) !== PROG_MISMATCH) return [message];
        const [low, high] = [message.readUInt32BE(REPLY.low), message.readUInt32BE(REPLY.high)];
        return [withWord(withWord(message, REPLY.low, high), REPLY.high, low)];
      },
    }),
  },
  {
    name: 'rpc-version-too-many',
    breaks: 'MOUNT claims a version 4',
    caughtBy: ['RPC/PROG_MISMATCH/MOUNTv3'],
    programs: (programs) =>
      programs.flatMap((each) =>
        each.program === MNT3.program && each.version === MNT3.version
          ? [each, { ...each, version: 4, procedures: each.procedures.filter(({ number }) => number !== 0) }]
          : [each],
      ),
  },
  {
    name: 'rpc-unknown-procedure-as-null',
    breaks: 'an unknown procedure does nothing, with success',
    caughtBy: ['RPC/PROC_UNAVAIL/NFSv3', 'RPC/PROC_UNAVAIL/one-past-the-last'],
    ...callWord(CALL.proc, (number) => (number > LAST_NFS_PROCEDURE ? 0 : number)),
  },
  {
    name: 'rpc-garbage-as-system-err',
    breaks: 'GARBAGE_ARGS is SYSTEM_ERR',
    caughtBy: ['RPC/GARBAGE_ARGS/none', 'RPC/GARBAGE_ARGS/name-huge', 'RPC/GARBAGE_ARGS/udp'],
    ...fromStat(GARBAGE_ARGS, SYSTEM_ERR),
  },
  {
    name: 'rpc-short-handles-filled-up',
    breaks: 'what a handle lacks of its bytes is taken for zeros',
    caughtBy: ['RPC/GARBAGE_ARGS/length-alone', 'RPC/GARBAGE_ARGS/opaque-cut', 'RPC/GARBAGE_ARGS/padding-missing'],
    ...onMessages({
      call: (message) => {
        const at = CALL.body + 4 + message.readUInt32BE(CALL.body) + 8;
        if (at + 4 > message.length) return message;
        const handleBytes = message.readUInt32BE(at);
        const missing = at + 4 + ((handleBytes + 3) & ~3) - message.length;
        const isShort = message.readUInt32BE(CALL.prog) === NFS && missing > 0 && missing <= MOST_HANDLE_BYTES;
        return isShort ? Buffer.concat([message, Buffer.alloc(missing)]) : message;
      },
    }),
  },
  {
    name: 'rpc-unknown-flavors-as-none',
    breaks: 'a flavor that is not known is taken for AUTH_NONE',
    caughtBy: ['RPC/credentials/unknown-flavors', 'RPC/credentials/short-never-given', 'RPC/credentials/dh-garbage'],
    ...callWord(CALL.flavor, (flavor) => (flavor > AUTH_SYS ? AUTH_NONE : flavor)),
  },
  {
    name: 'rpc-eight-groups',
    breaks: 'only the first eight groups of a caller count',
    caughtBy: ['RPC/credentials/last-group-counts'],
    ...groupsCut(8),
  },
  {
    name: 'rpc-too-many-groups-cut',
    breaks: 'more than 16 groups are cut, not refused',
    caughtBy: ['RPC/credentials/seventeen-groups'],
    ...groupsCut(16),
  },
  {
    name: 'rpc-machine-name-64',
    breaks: 'machine names of more than 64 bytes are refused',
    caughtBy: ['RPC/credentials/machine-names'],
    ...onMessages({
      call: (message) =>
        withCredential(message, (flavor, body) =>
          flavor === AUTH_SYS && body.length > 8 && nameBytes(body) > 64 ? [UNKNOWN_FLAVOR, body] : [flavor, body],
        ),
    }),
  },
  {
    name: 'rpc-first-user-sticks',
    breaks: 'a connection stays with the user of its first call',
    caughtBy: ['RPC/credentials/two-users-on-one-connection'],
    ...onMessages({
      call: (message, caller) =>
        withCredential(message, (flavor, body) => {
          // The suite's own connection begins as root; it is to find its way.
          const isOrdinary = flavor === AUTH_SYS && body.length > 20 && body.readUInt32BE(8 + nameBytes(body)) !== 0;
          if (!isOrdinary) return [flavor, body];
          const first = firstOf.get(caller.peer) ?? Buffer.from(body);
          firstOf.set(caller.peer, first);
          return [flavor, first];
        }),
    }),
  },
  {
    name: 'rpc-none-is-root',
    breaks: 'a call without a credential is run as root',
    caughtBy: ['RPC/credentials/none-is-not-root'],
    ...onMessages({
      call: (message) =>
        withCredential(message, (flavor, body) => (flavor === AUTH_NONE ? [AUTH_SYS, ROOTS_BODY] : [flavor, body])),
    }),
  },
  {
    name: 'rpc-udp-replies-cut',
    breaks: 'replies by UDP are cut at 4 KiB',
    caughtBy: ['RPC/datagrams/read-8-kib'],
    ...onMessages({
      reply: (message, { peer }) => [peer.transport === 'udp' ? message.subarray(0, 4096) : message],
    }),
  },
  {
    name: 'rpc-fragments-as-records',
    breaks: 'every fragment is taken for a whole record',
    caughtBy: ['RPC/records/two-fragments', 'RPC/records/unaligned-fragments', 'RPC/records/one-byte-fragments'],
    ...onRecords((sound, reader) => {
      const isRead = sound();
      if (isRead) reader.lastFragment = true;
      return isRead;
    }),
  },
  {
    name: 'rpc-mark-in-pieces',
    breaks: 'a record mark that comes in pieces breaks the connection',
    caughtBy: ['RPC/records/byte-by-byte', 'RPC/records/cut-anywhere'],
    ...onRecords((sound, reader) => {
      const isRead = sound();
      if (reader.markBytes > 0) throw new Error('part of a mark');
      return isRead;
    }),
  },
  {
    name: 'rpc-empty-fragments-refused',
    breaks: 'an empty fragment breaks the connection',
    caughtBy: ['RPC/records/empty-fragments'],
    ...onRecords((sound, reader) => {
      const isRead = sound();
      if (isRead && reader.missing === 0) throw new Error('an empty fragment');
      return isRead;
    }),
  },
];
