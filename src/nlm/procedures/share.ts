import { type Call, NO_REPLY, procedure } from '../../rpc/index.ts';
import { fileToLock, fileToRelease, type LockService, ownerOf, statusOf } from '../service.ts';
import { STATUS_OF_ANSWER } from '../status.ts';
import { type nlm4_stats, type shareargs, shareargs as shareargsType, shareres } from '../types.ts';

/** `fsh_access` and `fsh_mode`: bits for reading and writing. */
const BITS = 3;
const WRITE = 2;

/** NLM_SHARE: reserves a file, as DOS's open does: what one does with it, and what others may not. */
export const share = (service: LockService) =>
  sharing(service, 20, 'NLM_SHARE', async ({ share: { fh, oh, caller_name, mode, access }, reclaim }, call) => {
    const file = await fileToLock(service, fh, (access & WRITE) !== 0, call);
    const owner = ownerOf({ caller_name, fh, oh, svid: 0 }, call);
    const request = { ...owner, mode: mode & BITS, access: access & BITS, reclaim, file };
    return STATUS_OF_ANSWER[await service.manager.share(request)];
  });

/** NLM_UNSHARE: takes the reservation back. */
export const unshare = (service: LockService) =>
  sharing(service, 21, 'NLM_UNSHARE', async ({ share: { fh, oh, caller_name, mode, access }, reclaim }, call) => {
    const file = await fileToRelease(service, fh, call);
    const owner = ownerOf({ caller_name, fh, oh, svid: 0 }, call);
    return STATUS_OF_ANSWER[await service.manager.unshare({ ...owner, mode, access, reclaim, file })];
  });

function sharing(
  service: LockService,
  number: number,
  name: string,
  run: (args: shareargs, call: Call) => Promise<nlm4_stats>,
) {
  return procedure({
    number,
    name,
    args: shareargsType,
    res: shareres,
    idempotent: false,
    handle: async (args, call) => {
      const { fh, oh, caller_name, mode, access } = args.share;
      // The call's buffer is used again while it waits.
      const share = { fh: Buffer.from(fh), oh: Buffer.from(oh), caller_name: Buffer.from(caller_name), mode, access };
      const kept = { cookie: Buffer.from(args.cookie), share, reclaim: args.reclaim };
      const stat = await statusOf(service, call, args.reclaim, () => run(kept, call));
      return stat === NO_REPLY ? stat : { cookie: kept.cookie, stat, sequence: 0 };
    },
  });
}
