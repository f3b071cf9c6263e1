import { type Attributes, FileType } from '../attributes.ts';
import { FsError } from '../error.ts';
import { check } from './errno.ts';
import type { LocalInode } from './inode.ts';
import { readlinkat, SELF } from './libc.ts';
import { statOf } from './stat.ts';

/** PATH_MAX: no longer target can be stored. */
const buffer = Buffer.allocUnsafeSlow(4096);

/** READLINK: everybody may read a link that they could look up. */
export function readlink(inode: LocalInode): { target: Buffer; attributes: Attributes } {
  if (inode.type !== FileType.LNK) throw new FsError('INVAL', 'readlink');
  const length = check(Number(readlinkat(inode.fd, SELF, buffer, buffer.length)), 'readlink');
  return { target: Buffer.from(buffer.subarray(0, length)), attributes: statOf(inode.fd) };
}
