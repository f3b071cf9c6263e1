import type { KeptRecord } from '../state/index.ts';
import type { DurableLocks } from './durable.ts';
import { END, type Range } from './range.ts';
import { type Client, clientKey, clientKeyOfRecord, ownerKeyOfRecord } from './records.ts';
import type { Share } from './shares.ts';

const WHOLE: Range = { start: 0n, end: END };

/** True if a client holds or waits for anything. */
export function knowsClient(locks: DurableLocks, client: Client): boolean {
  const key = clientKey(client);
  if (locks.table.ofClient(key).length > 0) return true;
  for (const { tag } of locks.table.waiters()) if (tag.client === key) return true;
  for (const share of locks.shares) if (clientKey(share) === key) return true;
  for (const record of locks.dormant) if (clientKeyOfRecord(record) === key) return true;
  return false;
}

/**
 * Frees what a client holds and waits for; of a client that has rebooted, what it had before that: what carries the new
 * state number it took afterwards. @returns how many locks and shares, and how many waiters.
 */
export async function freeClient(
  locks: DurableLocks,
  client: Client,
  exceptState?: number,
): Promise<{ locks: number; waiters: number }> {
  const { table } = locks;
  const key = clientKey(client);
  const isOld = ({ state }: { state: number }) => exceptState === undefined || state !== exceptState;
  const waiters = [...table.waiters()].filter(({ tag }) => tag.client === key && isOld(tag));
  const segments = table.ofClient(key).filter(({ tag }) => isOld(tag));
  const shares = [...locks.shares].filter((share) => clientKey(share) === key && isOld(share));
  const dormant = locks.dormant.take((record) => clientKeyOfRecord(record) === key && isOld(record));
  const freed = { locks: segments.length + shares.length + dormant.length, waiters: waiters.length };
  locks.pending.confirmAll(({ tag }) => tag.client === key && isOld(tag));
  await Promise.all([
    ...waiters.map((waiter) => locks.settle(waiter.file, table.cancel(waiter), [waiter.id])),
    ...segments.map((segment) => locks.settle(segment.file, table.unlock(segment.file, segment.owner, segment), [])),
    ...freeShares(locks, shares),
    forget(locks, dormant),
  ]);
  return freed;
}

/** Frees all that one owner holds. @returns how many locks and shares. */
export async function freeOwner(locks: DurableLocks, owner: string): Promise<number> {
  const segments = [...locks.table.segments()].filter((segment) => segment.owner === owner);
  const shares = [...locks.shares].filter((share) => share.owner === owner);
  const dormant = locks.dormant.take((record) => ownerKeyOfRecord(record) === owner);
  await Promise.all([
    ...segments.map(({ file }) => locks.settle(file, locks.table.unlock(file, owner, WHOLE), [])),
    ...freeShares(locks, shares),
    forget(locks, dormant),
  ]);
  return segments.length + shares.length + dormant.length;
}

function freeShares(locks: DurableLocks, shares: readonly Share[]): Promise<unknown>[] {
  return shares.map(({ id, file, owner }) => {
    locks.shares.unshare(file, owner);
    return locks.settle(file, undefined, [id]);
  });
}

function forget(locks: DurableLocks, records: readonly KeptRecord[]): Promise<unknown> {
  return locks.settle(
    undefined,
    undefined,
    records.map(({ id }) => id),
  );
}

/** Lets go of everything, as a crash would that loses the locks. Waiters ask again by themselves. */
export async function freeEveryClient(locks: DurableLocks): Promise<void> {
  const clients = new Map([...locks.records().values()].map((record) => [clientKeyOfRecord(record), record]));
  for (const { client: name, address } of clients.values()) await freeClient(locks, { name, address });
}
