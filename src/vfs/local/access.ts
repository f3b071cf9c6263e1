import type { Attributes } from '../attributes.ts';
import { Access, type Caller } from '../filesystem.ts';
import type { LocalInode } from './inode.ts';
import { granted, May } from './permission.ts';
import { statOf } from './stat.ts';

const CHANGES = Access.MODIFY | Access.EXTEND | Access.DELETE;

/** ACCESS as the Linux server answers it: the owner's privilege to read and write is not told, only what the mode gives. */
export function access(caller: Caller, inode: LocalInode, wanted: number): { granted: number; attributes: Attributes } {
  const attributes = statOf(inode.fd);
  const executing = inode.isDirectory ? Access.LOOKUP | CHANGES : Access.EXECUTE;
  let asked = 0;
  if ((wanted & Access.READ) !== 0) asked |= May.READ;
  if ((wanted & CHANGES) !== 0) asked |= May.WRITE;
  if ((wanted & executing) !== 0) asked |= May.EXECUTE;
  const may = granted(caller, inode, attributes, asked);
  return { granted: wanted & (inode.isDirectory ? onDirectory(may) : onOther(may)), attributes };
}

function onDirectory(may: number): number {
  const reads = (may & May.READ) !== 0 ? Access.READ : 0;
  if ((may & May.EXECUTE) === 0) return reads;
  return reads | Access.LOOKUP | ((may & May.WRITE) !== 0 ? CHANGES : 0);
}

function onOther(may: number): number {
  const reads = (may & May.READ) !== 0 ? Access.READ : 0;
  const writes = (may & May.WRITE) !== 0 ? Access.MODIFY | Access.EXTEND : 0;
  return reads | writes | ((may & May.EXECUTE) !== 0 ? Access.EXECUTE : 0);
}
