import type { KeptLock, KeptWaiter } from '../state/index.ts';
import type { Grant, Segment, Tag, Waiter } from './table.ts';

/** How a client that waits is to be told that it has its lock. */
export interface Callback {
  /** Of NLM. */
  readonly version: number;
  readonly transport: 'tcp' | 'udp';
  /** What it gave its request, or was given for it. */
  readonly cookie: Buffer;
  /** True if it asked by message (NLM_LOCK_MSG), and so is to be told by one. */
  readonly byMessage: boolean;
}

/** A client: what it calls itself, and where it calls from. */
export interface Client {
  /** `caller_name`, one character to a byte. */
  readonly name: string;
  readonly address: string;
}

/** Whose lock it is, and on what. */
export interface LockTag extends Tag, Client {
  readonly localAddress: string;
  readonly handle: Buffer;
  readonly svid: number;
  readonly oh: Buffer;
  readonly since: number;
  readonly callback?: Callback | undefined;
}

export type HeldLock = Segment<LockTag>;
export type WaitingLock = Waiter<LockTag>;
export type LockGrant = Grant<LockTag>;

export function clientKey({ name, address }: Client): string {
  return `${name}\0${address}`;
}

/** X/Open: an owner is a process (svid) of a host, with what its lock manager adds (oh). */
export function ownerKey(name: string, svid: number, oh: Buffer): string {
  return `${name}\0${svid}\0${oh.toString('latin1')}`;
}

export function recordOfLock({ id, exclusive, start, end, tag }: HeldLock): KeptLock {
  return { kind: 'lock', id, ...common(tag), exclusive, start, end };
}

/** @returns undefined for one that cannot be called back, and so need not be remembered. */
export function recordOfWaiter({ id, exclusive, start, end, tag }: WaitingLock): KeptWaiter | undefined {
  const { callback } = tag;
  if (callback === undefined) return undefined;
  return { kind: 'waiter', id, ...common(tag), exclusive, start, end, ...callback };
}

export function lockOfRecord(file: string, record: KeptLock | KeptWaiter): HeldLock {
  const { id, client: name, svid, oh, exclusive, start, end, address, localAddress, handle, state, since } = record;
  const callback =
    record.kind === 'waiter'
      ? { version: record.version, transport: record.transport, cookie: record.cookie, byMessage: record.byMessage }
      : undefined;
  const client = clientKey({ name, address });
  const tag = { client, name, address, localAddress, handle, svid, oh, state, since, callback };
  return { id, file, owner: ownerKey(name, svid, oh), exclusive, start, end, tag };
}

function common({ name, address, localAddress, handle, svid, oh, state, since }: LockTag) {
  return { client: name, address, localAddress, handle, svid, oh, state, since };
}
