import type { Exports } from '../../exports/contract.ts';
import type { ProgramVersion } from '../../rpc/index.ts';
import { access } from './procedures/access.ts';
import { commit } from './procedures/commit.ts';
import { create } from './procedures/create.ts';
import { fsinfo } from './procedures/fsinfo.ts';
import { fsstat } from './procedures/fsstat.ts';
import { getattr } from './procedures/getattr.ts';
import { link } from './procedures/link.ts';
import { lookup } from './procedures/lookup.ts';
import { mkdir } from './procedures/mkdir.ts';
import { mknod } from './procedures/mknod.ts';
import { nullProcedure } from './procedures/null.ts';
import { pathconf } from './procedures/pathconf.ts';
import { read } from './procedures/read.ts';
import { readdir } from './procedures/readdir.ts';
import { readdirplus } from './procedures/readdirplus.ts';
import { readlink } from './procedures/readlink.ts';
import { remove } from './procedures/remove.ts';
import { rename } from './procedures/rename.ts';
import { rmdir } from './procedures/rmdir.ts';
import { setattr } from './procedures/setattr.ts';
import { symlink } from './procedures/symlink.ts';
import { write } from './procedures/write.ts';

export const NFS_PROGRAM = 100003;

/** NFS version 3 (RFC 1813) over these exports. */
export function nfs3Program(exports: Exports): ProgramVersion {
  return {
    program: NFS_PROGRAM,
    version: 3,
    name: 'nfs',
    procedures: [
      nullProcedure(),
      getattr(exports),
      setattr(exports),
      lookup(exports),
      access(exports),
      readlink(exports),
      read(exports),
      write(exports),
      create(exports),
      mkdir(exports),
      symlink(exports),
      mknod(exports),
      remove(exports),
      rmdir(exports),
      rename(exports),
      link(exports),
      readdir(exports),
      readdirplus(exports),
      fsstat(exports),
      fsinfo(exports),
      pathconf(exports),
      commit(exports),
    ],
  };
}
