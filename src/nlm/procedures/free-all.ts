import { procedure } from '../../rpc/index.ts';
import { nothing } from '../../xdr/index.ts';
import type { LockService } from '../service.ts';
import { notify } from '../types.ts';

/** NLM_FREE_ALL: a client without a status monitor has rebooted. It frees what came from the caller's own address alone. */
export const freeAll = ({ manager, log }: LockService) =>
  procedure({
    number: 23,
    name: 'NLM_FREE_ALL',
    args: notify,
    res: nothing,
    idempotent: false,
    handle: async ({ name }, { peer }) => {
      const client = { name: name.toString('latin1'), address: peer.address };
      const freed = await manager.freeClient(client);
      log.info({ client: client.name, address: client.address, ...freed }, 'a client freed all its locks');
      return undefined;
    },
  });
