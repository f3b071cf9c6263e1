import { procedure } from '../rpc/index.ts';
import { nothing } from '../xdr/index.ts';
import { bytesOnWire, type MountService, refuseLongList } from './service.ts';
import { mountlist } from './types.ts';

/** MOUNTPROC_DUMP and MOUNTPROC3_DUMP (RFC 1094 §A.5, RFC 1813 §5.2.2): who has mounted what, as far as it is known. */
export const dump = ({ mounts }: MountService, name: string) =>
  procedure({
    number: 2,
    name,
    args: nothing,
    res: mountlist,
    idempotent: true,
    handle: (_args, call) => {
      const list = mounts.list().map(({ client, path }) => ({ ml_hostname: Buffer.from(client), ml_directory: path }));
      refuseLongList(
        call,
        list.reduce((sum, { ml_hostname, ml_directory }) => sum + bytesOnWire(4, [ml_hostname, ml_directory]), 4),
      );
      return list;
    },
  });
