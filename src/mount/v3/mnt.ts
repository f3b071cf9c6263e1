import { AUTH_SYS, procedure } from '../../rpc/index.ts';
import type { TypeOf } from '../../xdr/index.ts';
import { type MountService, mount } from '../service.ts';
import { dirpath, MNT3_OK, mountres3 } from '../types.ts';

/** AUTH_SYS alone, as rpc.mountd has it where no `sec=` is given: AUTH_NONE would have every caller squashed. */
const FLAVORS = [AUTH_SYS];

/** MOUNTPROC3_MNT (RFC 1813 §5.2.1): the handle of an exported directory, or of one below, and the flavours it takes. */
export const mnt = (service: MountService) =>
  procedure({
    number: 1,
    name: 'MOUNTPROC3_MNT',
    args: dirpath,
    res: mountres3,
    idempotent: true,
    handle: (path, call) =>
      mount<TypeOf<typeof mountres3>>(service, path, call, {
        ok: ({ view, inode }) => ({
          status: MNT3_OK,
          fhandle: service.exports.handleOf(view, inode),
          auth_flavors: FLAVORS,
        }),
        failed: (status) => ({ status }),
      }),
  });
