import { stat as fsStat } from 'node:fs';
import { FsError } from '../error.ts';
import type { Caller } from '../filesystem.ts';
import { capget, capset, getgroups, setfsgid, setfsuid, setgroups } from './libc.ts';

/*
 * Whose identity this thread has for file access. Switching costs some microseconds, so it is done lazily: a thread that
 * became a caller stays so until another is wanted or the turn of the event loop ends. The thread pool never switches;
 * it is started here, before the first switch, because a thread inherits the identity of the one that makes it.
 */

/** An id that changes nothing: setfsuid(-1) answers with what is in force. */
const ASK = 0xffff_ffff;

/** The capabilities that stand above file permissions (capabilities(7), CAP_FS_SET) as the two halves capset(2) takes. */
const FS_LOW = (1 << 0) | (1 << 1) | (1 << 2) | (1 << 3) | (1 << 4) | (1 << 9) | (1 << 27);
const FS_HIGH = 1 << 0;
const SYS_RESOURCE = 1 << 24;

const capHeader = Buffer.allocUnsafeSlow(8);
capHeader.writeUInt32LE(0x20080522, 0);
capHeader.writeInt32LE(0, 4);

function effective(): Buffer {
  const data = Buffer.allocUnsafeSlow(24).fill(0);
  capget(capHeader, data);
  return data;
}

/** Whoever has CAP_SYS_RESOURCE writes past quotas, and some data is written as the server: it does without. */
function submitToQuotas(): void {
  const data = effective();
  const low = data.readUInt32LE(0);
  if ((low & SYS_RESOURCE) === 0) return;
  data.writeUInt32LE((low & ~SYS_RESOURCE) >>> 0, 0);
  capset(capHeader, data);
}
submitToQuotas();
// Starts the thread pool, with what is left.
fsStat('/', () => {});

/** The server's own capabilities, and the same without those that stand above permissions. */
const ownCapabilities = effective();
const plainCapabilities = Buffer.allocUnsafeSlow(24);
ownCapabilities.copy(plainCapabilities);
plainCapabilities.writeUInt32LE((plainCapabilities.readUInt32LE(0) & ~FS_LOW) >>> 0, 0);
plainCapabilities.writeUInt32LE((plainCapabilities.readUInt32LE(12) & ~FS_HIGH) >>> 0, 12);

const serverUid = process.geteuid!();
const serverGid = process.getegid!();
const serverGroupCount = Math.max(0, getgroups(0, null));
const serverGroups = Buffer.allocUnsafeSlow(4 * Math.max(1, serverGroupCount));
getgroups(serverGroupCount, serverGroups);

/** Undefined: the server itself. */
let current: Caller | undefined;
/** The groups that were set last; undefined: the server's own. */
let groupsInForce: readonly number[] | undefined;
let returning = false;

/** A caller's groups as the kernel takes them; present once the kernel has accepted the whole identity. */
const groupLists = new WeakMap<Caller, Buffer>();

function same(a: Caller, b: Caller): boolean {
  return a.uid === b.uid && a.gid === b.gid && sameGroups(a.groups, b.groups);
}

function sameGroups(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((group, at) => group === b[at]));
}

function restore(): void {
  // The user first: going back to root brings the capabilities back.
  setfsuid(serverUid);
  if (dropsExplicitly) capset(capHeader, ownCapabilities);
  setfsgid(serverGid);
  // Root needs no groups, and setting them is the dearest part: they stay until another caller's are wanted.
  if (serverUid !== 0) {
    setgroups(serverGroupCount, serverGroups);
    groupsInForce = undefined;
  }
  current = undefined;
}

function setGroups(caller: Caller, list: Buffer): boolean {
  if (groupsInForce !== undefined && sameGroups(groupsInForce, caller.groups)) return true;
  groupsInForce = undefined;
  if (setgroups(caller.groups.length, list) !== 0) return false;
  groupsInForce = caller.groups;
  return true;
}

function switchTo(caller: Caller): void {
  const known = groupLists.get(caller);
  const list = known ?? Buffer.allocUnsafeSlow(4 * Math.max(1, caller.groups.length));
  if (known === undefined) caller.groups.forEach((group, at) => void list.writeUInt32LE(group, at * 4));
  // Groups first, while nothing has been given up. An old caller's user must not meet the new one's groups in between,
  // which no call does: all this happens before the next system call on a file.
  const groupsSet = setGroups(caller, list);
  setfsgid(caller.gid);
  setfsuid(caller.uid);
  if (dropsExplicitly) capset(capHeader, caller.uid === 0 ? ownCapabilities : plainCapabilities);
  current = caller;
  if (known !== undefined) return;
  // setfsuid(2) does not say that it failed (an id outside this user namespace, or -1): without a look, the caller
  // would act as the server.
  if (!groupsSet || setfsuid(ASK) !== (caller.uid | 0) || setfsgid(ASK) !== (caller.gid | 0)) {
    restore();
    throw new FsError('ACCES', 'identity');
  }
  groupLists.set(caller, list);
}

/** False until a switch has been seen to work. */
let switches = false;
/** True if setfsuid(2) alone leaves the thread above permissions (a server that is not root, securebits). */
let dropsExplicitly = false;

function probe(): void {
  const nobody: Caller = { uid: 65534, gid: 65534, groups: [], sync: false };
  try {
    switchTo(nobody);
    if (above()) {
      dropsExplicitly = true;
      capset(capHeader, plainCapabilities);
    }
    switches = !above();
  } catch {
    switches = false;
  } finally {
    restore();
  }
}

function above(): boolean {
  const now = effective();
  return (now.readUInt32LE(0) & FS_LOW) !== 0 || (now.readUInt32LE(12) & FS_HIGH) !== 0;
}
probe();

/** True if the server can act as its callers (CAP_SETUID and CAP_SETGID). If not, everything is done as itself. */
export function canSwitchUser(): boolean {
  return switches;
}

/** Makes this thread the caller for file access. Throws ACCES for an identity that the kernel does not know. */
export function become(caller: Caller): void {
  if (current === caller || !switches) return;
  if (current !== undefined && same(current, caller)) {
    current = caller;
    return;
  }
  switchTo(caller);
  if (returning) return;
  returning = true;
  queueMicrotask(() => {
    returning = false;
    becomeServer();
  });
}

/** Makes this thread the server itself again. */
export function becomeServer(): void {
  if (current !== undefined) restore();
}

/** For what is allowed to the caller already: either identity will do, so there is no switch between the two. */
export function becomeEither(caller: Caller): void {
  if (current !== undefined && current !== caller) becomeServer();
}

/** Runs something with the server's own identity, whoever was acted for before in this turn. */
export function asServer<T>(run: () => T): T {
  becomeServer();
  return run();
}
