import type { Attributes } from '../attributes.ts';
import type { LocalInode } from './inode.ts';
import { statOf } from './stat.ts';

/*
 * A client that looks for many names in one directory sends many calls at once. They run one after another in one turn of
 * the event loop, which began when all of them had come: what the directory was at any moment since then, it was while
 * each of them was under way, so one look at it serves them all.
 */

let directory: LocalInode | undefined;
let attributes: Attributes | undefined;

/** The attributes that a directory has, or has had in this turn of the event loop if this server has changed nothing since. */
export function statInTurn(wanted: LocalInode): Attributes {
  if (directory === wanted && attributes !== undefined) return attributes;
  if (directory === undefined) queueMicrotask(forgetSeen);
  attributes = statOf(wanted.fd);
  directory = wanted;
  return attributes;
}

/** Before each change that this server makes, and at the end of the turn: what was seen until now no longer counts. */
export function forgetSeen(): void {
  directory = attributes = undefined;
}
