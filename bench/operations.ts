import { putSize64, putUint32, XdrWriter } from '../src/xdr/index.ts';

const NFS_PROGRAM = 100003;
const NFS_VERSION = 3;
const CALL = 0;
const RPC_VERSION = 2;
const AUTH_SYS = 1;
const LAST_FRAGMENT = 0x8000_0000;
const UNSTABLE = 0;
const FILE_SYNC = 2;
const UNCHECKED = 0;
const ALL_ACCESS = 0x3f;
/** What the Linux client asks for in one READDIRPLUS of a small directory. */
const READDIRPLUS_DIRCOUNT = 4096;
const READDIRPLUS_MAXCOUNT = 32_768;
const KIB = 1024;
const MIB = 1024 * KIB;
/** From the record mark. */
const XID_AT = 4;

/** The file that is read and written. */
export const DATA_FILE = 'data';
export const DATA_BYTES = 64 * MIB;
/** The directory that is listed. */
export const LISTED_FOLDER = 'listed';
export const LISTED_ENTRIES = 100;

/** The handles that the calls are about. */
export interface Handles {
  readonly root: Buffer;
  readonly file: Buffer;
  readonly listed: Buffer;
  /** An empty directory to make files in. */
  readonly fresh: Buffer;
}

/** A call that is sent again and again: ready to go but for its xid and what `vary` changes. */
export interface Template {
  readonly head: Buffer;
  /** Sent after the head, for calls too large to be copied. */
  readonly payload?: Buffer;
  /** Makes the n-th call differ from the others, in a copy of the head that begins at `at`. */
  readonly vary?: (copy: Buffer, at: number, n: number) => void;
}

/** One row of the benchmark. */
export interface Operation {
  readonly name: string;
  /** Bytes of file data that a call moves; 0 if calls are what counts. */
  readonly bytes: number;
  readonly connections: number;
  /** Calls in flight on each connection. */
  readonly depth: number;
  template(handles: Handles): Template;
}

export const OPERATIONS: readonly Operation[] = [
  small('NULL', () => call(0, () => {})),
  small('GETATTR', ({ file }) => call(1, (to) => to.opaque(file))),
  small('LOOKUP', ({ root }) => call(3, (to) => name(to, root, DATA_FILE))),
  small('ACCESS', ({ file }) =>
    call(4, (to) => {
      to.opaque(file);
      to.uint32(ALL_ACCESS);
    }),
  ),
  small('READ 4 KiB', (handles) => read(handles, 4 * KIB), 4 * KIB),
  large('READ 1 MiB', (handles) => read(handles, MIB), MIB),
  small('WRITE 4 KiB', (handles) => write(handles, 4 * KIB, UNSTABLE), 4 * KIB),
  large('WRITE 1 MiB', (handles) => write(handles, MIB, UNSTABLE), MIB),
  small('WRITE 4 KiB FILE_SYNC', (handles) => write(handles, 4 * KIB, FILE_SYNC), 4 * KIB),
  small('CREATE', create),
  small('READDIRPLUS', ({ listed }) =>
    call(17, (to) => {
      to.opaque(listed);
      to.uint64(0n);
      to.uint64(0n);
      to.uint32(READDIRPLUS_DIRCOUNT);
      to.uint32(READDIRPLUS_MAXCOUNT);
    }),
  ),
];

/** Puts a call's xid into a copy of its head. */
export function putXid(copy: Buffer, at: number, xid: number): void {
  putUint32(copy, at + XID_AT, xid);
}

function small(name: string, template: Operation['template'], bytes = 0): Operation {
  return { name, bytes, connections: 4, depth: 16, template };
}

function large(name: string, template: Operation['template'], bytes: number): Operation {
  return { name, bytes, connections: 4, depth: 4, template };
}

function read({ file }: Handles, count: number): Template {
  let offsetAt = 0;
  const { head } = call(6, (to) => {
    to.opaque(file);
    offsetAt = to.reserve(8);
    to.uint32(count);
  });
  return { head, vary: (copy, at, n) => putSize64(copy, at + offsetAt, offsetOf(n, count)) };
}

function write({ file }: Handles, count: number, stable: number): Template {
  const data = Buffer.alloc(count, 'x');
  let offsetAt = 0;
  const { head } = call(
    7,
    (to) => {
      to.opaque(file);
      offsetAt = to.reserve(8);
      to.uint32(count);
      to.uint32(stable);
      to.uint32(count);
    },
    count,
  );
  const vary = (copy: Buffer, at: number, n: number) => putSize64(copy, at + offsetAt, offsetOf(n, count));
  return count >= MIB ? { head, payload: data, vary } : { head: Buffer.concat([head, data]), vary };
}

/** Pieces of a MiB in order; smaller ones all over the file (an odd factor reaches each of them once a round). */
function offsetOf(n: number, count: number): number {
  const pieces = DATA_BYTES / count;
  return (count >= MIB ? n % pieces : Math.imul(n, 0x9e3779b1) & (pieces - 1)) * count;
}

function create({ fresh }: Handles): Template {
  const digits = 12; // A multiple of four needs no fill bytes.
  let nameAt = 0;
  const { head } = call(8, (to) => {
    to.opaque(fresh);
    to.uint32(digits);
    nameAt = to.reserve(digits);
    to.uint32(UNCHECKED);
    to.bool(true);
    to.uint32(0o644);
    for (let unset = 0; unset < 5; unset++) to.uint32(0);
  });
  return {
    head,
    vary: (copy, at, n) => {
      let rest = n;
      for (let digit = digits - 1; digit >= 0; digit--) {
        copy[at + nameAt + digit] = 0x30 + (rest % 10);
        rest = Math.floor(rest / 10);
      }
    },
  };
}

function name(to: XdrWriter, directory: Buffer, name: string): void {
  to.opaque(directory);
  to.opaque(Buffer.from(name));
}

/** The record of a call, as root by AUTH_SYS; `after` more bytes follow the head. */
function call(procedure: number, args: (to: XdrWriter) => void, after = 0): Template {
  const to = new XdrWriter(1024);
  to.uint32(0);
  to.uint32(0);
  for (const word of [CALL, RPC_VERSION, NFS_PROGRAM, NFS_VERSION, procedure, AUTH_SYS]) to.uint32(word);
  // stamp, machine name, uid, gid, no groups; then a verifier of AUTH_NONE.
  to.uint32(6 * 4);
  to.uint32(0);
  to.opaque(Buffer.from('load'));
  for (const word of [0, 0, 0, 0, 0]) to.uint32(word);
  args(to);
  const head = to.toBuffer();
  putUint32(head, 0, LAST_FRAGMENT + head.length - 4 + after);
  return { head };
}
