import { FsError, type NewAttributes, type Time } from '../../vfs/index.ts';
import type { timeval } from './attributes.ts';
import type { sattr } from './types.ts';

/** -1: the field is not set. */
const UNSET = 0xffff_ffff;
/** Some Sun clients send 16 bits of it for the mode; knfsd takes it, too. */
const UNSET_MODE = 0xffff;
const PERMISSION_BITS = 0o7777;
const MICROSECONDS = 1_000_000;

/** The value of a field of `sattr`; undefined if it is not set. */
export function given(value: number): number | undefined {
  return value === UNSET ? undefined : value;
}

/** The mode of a `sattr` with its type bits. */
export function givenMode(mode: number): number | undefined {
  return mode === UNSET_MODE ? undefined : given(mode);
}

/**
 * What a `sattr` asks for (RFC 1094 §2.3.6). A million microseconds are Sun's way, and Linux's, to say "the server's
 * time"; in `mtime` they say it for both. Throws INVAL for a time that cannot be.
 */
export function newAttributesOf({ mode, uid, gid, size, atime, mtime }: sattr): NewAttributes {
  const permissions = givenMode(mode);
  const newAtime = newTimeOf(atime);
  const newMtime = newTimeOf(mtime);
  return {
    mode: permissions === undefined ? undefined : permissions & PERMISSION_BITS,
    uid: given(uid),
    gid: given(gid),
    size: given(size),
    atime: newAtime !== undefined && newMtime === 'now' ? 'now' : newAtime,
    mtime: newMtime,
  };
}

function newTimeOf({ seconds, useconds }: timeval): Time | 'now' | undefined {
  if (seconds === UNSET || useconds === UNSET) return undefined;
  if (useconds === MICROSECONDS) return 'now';
  if (useconds > MICROSECONDS) throw new FsError('INVAL', 'time');
  return { seconds, nanoseconds: useconds * 1000 };
}
