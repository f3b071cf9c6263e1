import { then } from '../../../common/awaitable.ts';
import type { Exports } from '../../../exports/contract.ts';
import { fattr3Of } from '../attributes.ts';
import { DIRECTORY_BYTES } from '../directory.ts';
import { onFile } from '../runner.ts';
import { NFS3_OK } from '../status.ts';
import {
  FSF3_CANSETTIME,
  FSF3_HOMOGENEOUS,
  FSF3_LINK,
  FSF3_SYMLINK,
  FSINFO3args,
  FSINFO3res,
  MAX_TRANSFER,
} from '../types.ts';

/** Transfers are best at multiples of a page. */
const PAGE_BYTES = 4096;

/** FSINFO (RFC 1813 §3.3.19): what the server can do, as far as the caller's transport carries it. Fails: NFS3ERR_IO. */
export function fsinfo(exports: Exports) {
  return onFile(exports, {
    number: 19,
    name: 'FSINFO',
    args: FSINFO3args,
    res: FSINFO3res,
    idempotent: true,
    object: ({ fsroot }) => fsroot,
    failed: (status, obj_attributes) => ({ status, obj_attributes }),
    work: ({ view, inode }, _args, { peer }) =>
      then(view.attributes(inode), (attributes) => {
        const { maxFileSize, timeDelta } = view.fileSystem.limits;
        const transfer = Math.min(MAX_TRANSFER, peer.maxData);
        return {
          status: NFS3_OK,
          obj_attributes: fattr3Of(view, attributes),
          rtmax: transfer,
          rtpref: transfer,
          rtmult: PAGE_BYTES,
          wtmax: transfer,
          wtpref: transfer,
          wtmult: PAGE_BYTES,
          dtpref: Math.min(DIRECTORY_BYTES, peer.maxData),
          maxfilesize: maxFileSize,
          time_delta: { seconds: timeDelta.seconds, nseconds: timeDelta.nanoseconds },
          properties: FSF3_LINK | FSF3_SYMLINK | FSF3_HOMOGENEOUS | FSF3_CANSETTIME,
        };
      }),
  });
}
