import { END, lengthOf } from '../../locks/range.ts';
import { type Call, NO_REPLY } from '../../rpc/index.ts';
import { fileToLock, type LockService, ownerOf, rangeOfLock, statusOf } from '../service.ts';
import {
  LCK_DENIED,
  LCK_DENIED_GRACE_PERIOD,
  LCK_GRANTED,
  NLM4_FBIG,
  NLM4_VERS,
  type testargs,
  type testres,
} from '../types.ts';

/** NLM_TEST: whether a lock could be had now, and if not, one that stands in its way. */
export async function test(
  service: LockService,
  { cookie, exclusive, alock }: testargs,
  call: Call,
): Promise<testres | typeof NO_REPLY> {
  const kept = Buffer.from(cookie);
  const range = rangeOfLock(alock);
  const owner = ownerOf(alock, call);
  let holder: testholder | undefined;
  const stat = await statusOf(service, call, false, async () => {
    if (range === undefined) return NLM4_FBIG;
    const file = await fileToLock(service, owner.handle, exclusive, call);
    const obstacle = await service.manager.test({ ...owner, ...range, exclusive, file });
    if (obstacle === undefined) return LCK_GRANTED;
    if (obstacle === 'grace') return LCK_DENIED_GRACE_PERIOD;
    const { svid, oh } = obstacle;
    holder = { exclusive: obstacle.exclusive, svid, oh, ...positionOf(obstacle, service.version) };
    return LCK_DENIED;
  });
  if (stat === NO_REPLY) return stat;
  if (stat !== LCK_DENIED) return { cookie: kept, stat: { stat } };
  // Nothing but a holder makes a denial here.
  return holder === undefined ? NO_REPLY : { cookie: kept, stat: { stat, holder } };
}

type testholder = Extract<testres['stat'], { stat: typeof LCK_DENIED }>['holder'];

const LAST_NARROW = (1n << 32n) - 1n;

/** Where a lock is, for a reply. What lies beyond 32 bits reaches "to the end" in versions 1 and 3. */
function positionOf(range: { start: bigint; end: bigint }, version: number): { l_offset: bigint; l_len: bigint } {
  if (version === NLM4_VERS) return { l_offset: range.start, l_len: lengthOf(range) };
  const start = range.start > LAST_NARROW ? LAST_NARROW : range.start;
  const end = range.end > LAST_NARROW ? END : range.end;
  return { l_offset: start, l_len: lengthOf({ start, end }) };
}
