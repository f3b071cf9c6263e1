import { procedure } from '../rpc/index.ts';
import { nothing } from '../xdr/index.ts';
import type { MountService } from './service.ts';
import { dirpath } from './types.ts';

/** MOUNTPROC_UMNT and MOUNTPROC3_UMNT (RFC 1094 §A.5, RFC 1813 §5.2.3): takes one line of the caller's own away. */
export const umnt = ({ mounts, log }: MountService, name: string) =>
  procedure({
    number: 3,
    name,
    args: dirpath,
    res: nothing,
    idempotent: true,
    handle: (path, { peer }) => {
      const known = mounts.remove(peer.address, path);
      log.info({ client: peer.address, path: path.toString(), known }, 'unmounted');
      return undefined;
    },
  });
