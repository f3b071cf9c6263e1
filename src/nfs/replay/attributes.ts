import type { Attributes, NewAttributes, Time } from '../../vfs/index.ts';
import { int64, size64, struct, type TypeOf, uint32, XdrReader, XdrWriter } from '../../xdr/index.ts';

/** What SETATTR can change, and the ctime, which everything changes. */
const before = struct({
  mode: uint32,
  uid: uint32,
  gid: uint32,
  size: size64,
  atimeSeconds: int64,
  atimeNanoseconds: uint32,
  mtimeSeconds: int64,
  mtimeNanoseconds: uint32,
  ctimeSeconds: int64,
  ctimeNanoseconds: uint32,
});

/** A note of a file's attributes. */
export function attributesNote(attributes: Attributes): Buffer {
  const { mode, uid, gid, size, atimeNanoseconds, mtimeNanoseconds, ctimeNanoseconds } = attributes;
  const writer = new XdrWriter(128);
  before.write(writer, {
    ...{ mode, uid, gid, size, atimeNanoseconds, mtimeNanoseconds, ctimeNanoseconds },
    atimeSeconds: BigInt(attributes.atimeSeconds),
    mtimeSeconds: BigInt(attributes.mtimeSeconds),
    ctimeSeconds: BigInt(attributes.ctimeSeconds),
  });
  return writer.toBuffer();
}

/**
 * True if attributes were set on a file since the note was taken: none of them is still what it was then without being
 * what is wanted, and something has changed. The ctime alone does not tell, for its clock ticks every few milliseconds.
 */
export function wereSet(wanted: NewAttributes, note: Buffer, now: Attributes): boolean {
  const then = before.read(new XdrReader(note));
  const values = [
    [wanted.mode, then.mode, now.mode],
    [wanted.uid, then.uid, now.uid],
    [wanted.gid, then.gid, now.gid],
    [wanted.size, then.size, now.size],
    [timeKey(wanted.atime), keyOf(then, 'atime'), keyOf(now, 'atime')],
    [timeKey(wanted.mtime), keyOf(then, 'mtime'), keyOf(now, 'mtime')],
  ].filter(([value]) => value !== undefined);
  if (values.some(([value, old, current]) => current === old && current !== value)) return false;
  return values.some(([, old, current]) => current !== old) || keyOf(then, 'ctime') !== keyOf(now, 'ctime');
}

type Times = Pick<Attributes | TypeOf<typeof before>, `${'atime' | 'mtime' | 'ctime'}${'Seconds' | 'Nanoseconds'}`>;

function keyOf(times: Times, which: 'atime' | 'mtime' | 'ctime'): string {
  return `${times[`${which}Seconds`]}.${times[`${which}Nanoseconds`]}`;
}

function timeKey(time: Time | 'now' | undefined): string | undefined {
  return typeof time === 'object' ? `${time.seconds}.${time.nanoseconds}` : time;
}
