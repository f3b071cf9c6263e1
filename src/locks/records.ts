import type { KeptLock, KeptRecord, KeptShare, KeptWaiter } from '../state/index.ts';
import type { Share } from './shares.ts';
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

/** A share's owner is a host and what it adds (oh): NLM_SHARE has no svid. */
export function shareOwnerKey(name: string, oh: Buffer): string {
  return ownerKey(name, 0, oh);
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

export function recordOfShare(share: Share): KeptShare {
  const { id, handle, name, address, localAddress, oh, state, since, mode, access } = share;
  return { kind: 'share', id, handle, client: name, address, localAddress, oh, state, since, mode, access };
}

export function shareOfRecord(file: string, record: KeptShare): Share {
  const { client: name, oh } = record;
  return { ...record, file, name, owner: shareOwnerKey(name, oh) };
}

/** {@link clientKey} of the client that a record is of. */
export function clientKeyOfRecord({ client: name, address }: KeptRecord): string {
  return clientKey({ name, address });
}

/** {@link ownerKey} or {@link shareOwnerKey} of the owner that a record is of. */
export function ownerKeyOfRecord(record: KeptRecord): string {
  return ownerKey(record.client, record.kind === 'share' ? 0 : record.svid, record.oh);
}

export function isRecordOf(record: KeptRecord, owner: { name: string; svid: number; oh: Buffer }): boolean {
  const { name, svid, oh } = owner;
  return record.client === name && record.oh.equals(oh) && (record.kind === 'share' || record.svid === svid);
}

function common({ name, address, localAddress, handle, svid, oh, state, since }: LockTag) {
  return { client: name, address, localAddress, handle, svid, oh, state, since };
}
