import { procedure } from '../rpc/index.ts';
import { nothing } from '../xdr/index.ts';
import type { MountService } from './service.ts';

/** MOUNTPROC_UMNTALL and MOUNTPROC3_UMNTALL (RFC 1094 §A.5, RFC 1813 §5.2.4): takes all lines of the caller's own away. */
export const umntall = ({ mounts, log }: MountService, name: string) =>
  procedure({
    number: 4,
    name,
    args: nothing,
    res: nothing,
    idempotent: true,
    handle: (_args, { peer }) => {
      const lines = mounts.removeAll(peer.address);
      log.info({ client: peer.address, lines }, 'unmounted all');
      return undefined;
    },
  });
