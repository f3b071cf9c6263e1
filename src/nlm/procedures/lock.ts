import { type Call, NO_REPLY } from '../../rpc/index.ts';
import { keyOf } from '../callbacks.ts';
import { fileToLock, type LockService, ownerOf, rangeOfLock, statusOf } from '../service.ts';
import { STATUS_OF_ANSWER } from '../status.ts';
import { LCK_BLOCKED, type lockargs, NLM4_FBIG, type res } from '../types.ts';

/** How a lock was asked for. */
export interface LockManner {
  /** By NLM_LOCK_MSG. */
  readonly byMessage: boolean;
  /** Not by NLM_NM_LOCK. */
  readonly monitored: boolean;
}

/**
 * NLM_LOCK: takes a lock. With `block` it waits for one that is taken (LCK_BLOCKED), and a NLM_GRANTED tells it later.
 * Asked again for what it has or waits for, a client gets the same answer again.
 */
export async function lock(
  service: LockService,
  { cookie, block, exclusive, alock, reclaim, state }: lockargs,
  call: Call,
  { byMessage, monitored }: LockManner,
): Promise<res | typeof NO_REPLY> {
  const { version, manager, callbacks, turns } = service;
  const kept = Buffer.from(cookie);
  const range = rangeOfLock(alock);
  const owner = ownerOf(alock, call);
  const { transport } = call.peer;
  const stat = await statusOf(service, call, reclaim, async () => {
    if (range === undefined) return NLM4_FBIG;
    const callback = block ? { version, transport, cookie: kept, byMessage } : undefined;
    const answer = await turns.inTurn(keyOf(owner), async () => {
      const file = await fileToLock(service, owner.handle, exclusive, call);
      return manager.lock({ ...owner, ...range, exclusive, file }, { callback, reclaim, state, monitored });
    });
    return STATUS_OF_ANSWER[answer];
  });
  // So that nothing but the call itself is left to do once the lock is free.
  if (stat === LCK_BLOCKED) callbacks.prepare({ ...owner, version, transport });
  return stat === NO_REPLY ? stat : { cookie: kept, stat };
}
