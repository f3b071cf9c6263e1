import type { Attributes } from '../attributes.ts';
import { FsError, type FsErrorCode } from '../error.ts';
import type { Caller } from '../filesystem.ts';
import { AT_EACCESS, AT_EMPTY_PATH } from './constants.ts';
import { codeOf } from './errno.ts';
import { become } from './identity.ts';
import type { LocalInode, Rights } from './inode.ts';
import { errno, faccessat, SELF } from './libc.ts';

/** The bits that access(2) takes. */
export const May = { READ: 4, WRITE: 2, EXECUTE: 1 } as const;
export const ALL = 7;

/** How long a decision is kept though nothing changed: what the kernel decides by may be more than the file's attributes. */
const KEPT_MS = 1000;
/** Callers remembered for each file. */
const KEPT_CALLERS = 4;

/** The decisions kept for a caller, if they are still young. The attributes must be compared before they count. */
export function keptRights(inode: LocalInode, caller: Caller): Rights | undefined {
  for (const rights of inode.rights) {
    if (rights.caller === caller) return rights.until > performance.now() ? rights : undefined;
  }
  return undefined;
}

/** True if decisions that were made earlier hold for these attributes. */
export function stillHold(rights: Rights, now: Attributes): boolean {
  return (
    rights.ctimeNanoseconds === now.ctimeNanoseconds &&
    rights.ctimeSeconds === now.ctimeSeconds &&
    rights.mode === now.mode &&
    rights.uid === now.uid &&
    rights.gid === now.gid
  );
}

/** Our own change moved the ctime and nothing else that decisions depend on: they hold on. */
export function carryOver(inode: LocalInode, before: Attributes, after: Attributes): void {
  for (const rights of inode.rights) {
    if (!stillHold(rights, before)) continue;
    if (rights.mode !== after.mode || rights.uid !== after.uid || rights.gid !== after.gid) continue;
    rights.ctimeSeconds = after.ctimeSeconds;
    rights.ctimeNanoseconds = after.ctimeNanoseconds;
  }
}

/** Which of the wanted bits of {@link May} the kernel grants the caller. */
export function granted(caller: Caller, inode: LocalInode, now: Attributes, wanted: number): number {
  const kept = keptRights(inode, caller);
  const rights = kept !== undefined && stillHold(kept, now) ? kept : renew(inode, caller, now);
  const missing = wanted & ~rights.known;
  if (missing !== 0) {
    rights.granted |= ask(caller, inode, missing);
    rights.known |= missing;
  }
  return rights.granted & wanted;
}

function renew(inode: LocalInode, caller: Caller, now: Attributes): Rights {
  const rights: Rights = {
    caller,
    known: 0,
    granted: 0,
    mode: now.mode,
    uid: now.uid,
    gid: now.gid,
    ctimeSeconds: now.ctimeSeconds,
    ctimeNanoseconds: now.ctimeNanoseconds,
    until: performance.now() + KEPT_MS,
  };
  const at = inode.rights.findIndex((each) => each.caller === caller);
  if (at >= 0) inode.rights.splice(at, 1);
  inode.rights.unshift(rights);
  if (inode.rights.length > KEPT_CALLERS) inode.rights.pop();
  return rights;
}

function ask(caller: Caller, inode: LocalInode, wanted: number): number {
  become(caller);
  if (allows(inode, wanted)) return wanted;
  let answer = 0;
  for (const bit of [May.READ, May.WRITE, May.EXECUTE]) {
    if ((wanted & bit) !== 0 && wanted !== bit && allows(inode, bit)) answer |= bit;
  }
  return answer;
}

function allows(inode: LocalInode, mode: number): boolean {
  return faccessat(inode.fd, SELF, mode, AT_EACCESS | AT_EMPTY_PATH) === 0;
}

/** Why the kernel says no. */
function denial(caller: Caller, inode: LocalInode, mode: number): FsErrorCode | undefined {
  become(caller);
  return allows(inode, mode) ? undefined : codeOf(errno());
}

/** Throws unless the caller may do all of `wanted`. */
export function mustBeGranted(caller: Caller, inode: LocalInode, now: Attributes, wanted: number, what: string): void {
  if (granted(caller, inode, now, wanted) === wanted) return;
  const code = denial(caller, inode, wanted);
  if (code !== undefined) throw new FsError(code, what);
}

/** READ: read permission, being the owner (RFC 1813 §4.4), or execute permission, since a client runs what it has read. */
export function mustRead(caller: Caller, inode: LocalInode, now: Attributes): void {
  if (granted(caller, inode, now, May.READ) !== 0 || now.uid === caller.uid) return;
  if (granted(caller, inode, now, May.EXECUTE) !== 0) return;
  throw new FsError(denial(caller, inode, May.READ) ?? 'ACCES', 'read');
}

/** True if kept decisions let their caller read, if they still hold. */
export function letRead(rights: Rights): boolean {
  return (rights.granted & (May.READ | May.EXECUTE)) !== 0 || rights.uid === rights.caller.uid;
}

/** WRITE: write permission, or being the owner: a client that opened the file before its mode changed may go on. */
export function mustWrite(caller: Caller, inode: LocalInode, now: Attributes): void {
  if (granted(caller, inode, now, May.WRITE) !== 0) return;
  const code = denial(caller, inode, May.WRITE);
  // Ownership lifts a mode, not a read-only mount or an immutable file.
  if (code === undefined || (code === 'ACCES' && now.uid === caller.uid)) return;
  throw new FsError(code, 'write');
}
