import { procedure } from '../../rpc/index.ts';
import { FsError } from '../../vfs/index.ts';
import type { TypeOf } from '../../xdr/index.ts';
import { type MountService, mount } from '../service.ts';
import { dirpath, FHSIZE, fhstatus, MNT3_OK } from '../types.ts';

/**
 * MOUNTPROC_MNT (RFC 1094 §A.5): the handle of a directory for NFSv2, which has 32 bytes whatever the file system
 * needs: a shorter one is filled with zeros. A longer one cannot be given out; its file system is for NFSv3 alone.
 */
export const mnt = (service: MountService) =>
  procedure({
    number: 1,
    name: 'MOUNTPROC_MNT',
    args: dirpath,
    res: fhstatus,
    idempotent: true,
    handle: (path, call) =>
      mount<TypeOf<typeof fhstatus>>(service, path, call, {
        ok: (handle) => {
          if (handle.length > FHSIZE) throw new FsError('ACCES', `a handle of ${handle.length} bytes for NFSv2`);
          const directory = Buffer.alloc(FHSIZE);
          directory.set(handle);
          return { status: MNT3_OK, directory };
        },
        failed: (status) => ({ status }),
      }),
  });
