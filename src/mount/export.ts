import { procedure } from '../rpc/index.ts';
import { nothing } from '../xdr/index.ts';
import { bytesOnWire, type MountService, refuseLongList } from './service.ts';
import { exports as exportsType } from './types.ts';

/**
 * MOUNTPROC_EXPORT, MOUNTPROC_EXPORTALL and MOUNTPROC3_EXPORT (RFC 1094 §A.5, RFC 1813 §5.2.5): the exports, each with
 * the hosts that it is for; an empty list means everyone.
 */
export const exportList = ({ exports }: MountService, number: number, name: string) =>
  procedure({
    number,
    name,
    args: nothing,
    res: exportsType,
    idempotent: true,
    handle: (_args, call) => {
      const list = exports.list().map(({ path, hosts }) => ({
        ex_dir: Buffer.from(path),
        ex_groups: hosts.map((host) => Buffer.from(host)),
      }));
      refuseLongList(
        call,
        list.reduce(
          (sum, { ex_dir, ex_groups }) => sum + bytesOnWire(8 + 4 * ex_groups.length, [ex_dir, ...ex_groups]),
          4,
        ),
      );
      return list;
    },
  });
