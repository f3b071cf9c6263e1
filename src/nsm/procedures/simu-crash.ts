import { procedure } from '../../rpc/index.ts';
import { nothing } from '../../xdr/index.ts';
import { isOurs, type StatusService } from '../service.ts';

/** The first port that any program can have. */
const UNPRIVILEGED = 1024;

/**
 * SM_SIMU_CRASH: as if this host had crashed. For root on this host alone. Replay: from memory; after a crash of this server
 * once more is one more crash.
 */
export const simuCrash = ({ simulateCrash, log }: StatusService) =>
  procedure({
    number: 5,
    name: 'SM_SIMU_CRASH',
    args: nothing,
    res: nothing,
    idempotent: false,
    handle: async (_args, { peer }) => {
      if (isOurs(peer.address) && peer.port < UNPRIVILEGED) await simulateCrash();
      else log.warn({ client: peer.address }, 'a simulated crash was asked for by somebody who may not');
      return undefined;
    },
  });
