import { then } from '../../common/awaitable.ts';
import { procedure } from '../../rpc/index.ts';
import type { TypeOf } from '../../xdr/index.ts';
import { type MountService, mount } from '../service.ts';
import { dirpath, fhstatus, MNT3_OK } from '../types.ts';

/** MOUNTPROC_MNT (RFC 1094 §A.5): the handle of a directory for NFSv2, which has 32 bytes whatever the file system needs. */
export const mnt = (service: MountService) =>
  procedure({
    number: 1,
    name: 'MOUNTPROC_MNT',
    args: dirpath,
    res: fhstatus,
    idempotent: true,
    handle: (path, call) =>
      mount<TypeOf<typeof fhstatus>>(service, path, call, {
        ok: ({ view, inode }) =>
          then(service.exports.handle32Of(view, inode), (directory) => ({ status: MNT3_OK, directory })),
        failed: (status) => ({ status }),
      }),
  });
