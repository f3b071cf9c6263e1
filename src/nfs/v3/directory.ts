import { FsError } from '../../vfs/index.ts';
import { DIRLIST_BYTES, entryBytes } from './codecs.ts';

/** FSINFO's dtpref, and the most that one READDIR or READDIRPLUS returns: a few milliseconds of work. */
export const DIRECTORY_BYTES = 64 * 1024;

/** Cookies are good for as long as the directory is, so that there is nothing for a verifier to tell (RFC 1813 §3.3.16). */
export const COOKIE_VERIFIER = Buffer.alloc(8);

/** Throws BAD_COOKIE for a position with a verifier that was never given out with it. */
export function checkCookie(cookie: bigint, verifier: Buffer): void {
  if (cookie !== 0n && !verifier.equals(COOKIE_VERIFIER)) throw new FsError('BAD_COOKIE', 'readdir');
}

/**
 * Keeps the account of a directory reply's size.
 * @param bytes the most that the reply's `resok` may take. Throws TOOSMALL if it would not even hold an empty list.
 * @param directoryBytes the most that names, file numbers and cookies may take of it (READDIRPLUS's dircount). It is a
 * hint: the first entry is given also if it is beyond it, or the client would never come past that.
 * @param extra most bytes that an entry takes on top of those.
 */
export function budget(bytes: number, directoryBytes: number, extra: number): (name: Buffer) => boolean {
  let left = bytes - DIRLIST_BYTES;
  if (left < 0) throw new FsError('TOOSMALL', 'readdir');
  let directoryLeft = directoryBytes;
  let first = true;
  return (name) => {
    const entry = entryBytes(name);
    if (entry + extra > left || (entry > directoryLeft && !first)) return false;
    left -= entry + extra;
    directoryLeft -= entry;
    first = false;
    return true;
  };
}
