import { type Call, NO_REPLY } from '../../rpc/index.ts';
import { keyOf } from '../callbacks.ts';
import { fileToRelease, type LockService, ownerOf, rangeOfLock, statusOf } from '../service.ts';
import { STATUS_OF_ANSWER } from '../status.ts';
import { type cancargs, NLM4_FBIG, type res } from '../types.ts';

/** NLM_CANCEL: takes a waiting request back. LCK_DENIED if there is none. */
export async function cancel(
  service: LockService,
  { cookie, exclusive, alock }: cancargs,
  call: Call,
): Promise<res | typeof NO_REPLY> {
  const kept = Buffer.from(cookie);
  const range = rangeOfLock(alock);
  const owner = ownerOf(alock, call);
  const stat = await statusOf(service, call, false, async () => {
    if (range === undefined) return NLM4_FBIG;
    const answer = await service.turns.inTurn(keyOf(owner), async () => {
      const file = await fileToRelease(service, owner.handle, call);
      return service.manager.cancel({ ...owner, ...range, exclusive, file });
    });
    await service.callbacks.quiet(owner);
    return STATUS_OF_ANSWER[answer];
  });
  return stat === NO_REPLY ? stat : { cookie: kept, stat };
}
