import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { fattr3Of } from '../attributes.ts';
import { onFile } from '../runner.ts';
import { NFS3_OK } from '../status.ts';
import { PATHCONF3args, PATHCONF3res } from '../types.ts';

/** PATHCONF (RFC 1813 §3.3.20): POSIX's limits for names and links. Fails: NFS3ERR_IO. */
export function pathconf(exports: Exports) {
  return onFile(exports, {
    number: 20,
    name: 'PATHCONF',
    args: PATHCONF3args,
    res: PATHCONF3res,
    idempotent: true,
    object: ({ object }) => object,
    failed: (status, obj_attributes) => ({ status, obj_attributes }),
    work: ({ view, inode }) =>
      then(view.attributes(inode), (attributes) => {
        const { maxLinks, maxNameBytes, caseInsensitive, casePreserving } = view.fileSystem.limits;
        return {
          status: NFS3_OK,
          obj_attributes: fattr3Of(view, attributes),
          linkmax: maxLinks,
          name_max: maxNameBytes,
          no_trunc: true,
          // On Linux only root gives a file away.
          chown_restricted: true,
          case_insensitive: caseInsensitive,
          case_preserving: casePreserving,
        };
      }),
  });
}
