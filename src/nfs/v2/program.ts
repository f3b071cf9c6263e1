import type { Exports } from '../../exports/contract.ts';
import type { ProgramVersion } from '../../rpc/index.ts';
import { ShortCookies } from './cookies.ts';
import { create } from './procedures/create.ts';
import { getattr } from './procedures/getattr.ts';
import { link } from './procedures/link.ts';
import { lookup } from './procedures/lookup.ts';
import { mkdir } from './procedures/mkdir.ts';
import { nullProcedure } from './procedures/null.ts';
import { read } from './procedures/read.ts';
import { readdir } from './procedures/readdir.ts';
import { readlink } from './procedures/readlink.ts';
import { remove } from './procedures/remove.ts';
import { rename } from './procedures/rename.ts';
import { rmdir } from './procedures/rmdir.ts';
import { root } from './procedures/root.ts';
import { setattr } from './procedures/setattr.ts';
import { statfs } from './procedures/statfs.ts';
import { symlink } from './procedures/symlink.ts';
import { write } from './procedures/write.ts';
import { writecache } from './procedures/writecache.ts';

const NFS_PROGRAM = 100003;

/** NFS version 2 (RFC 1094) over these exports. */
export function nfs2Program(exports: Exports): ProgramVersion {
  return {
    program: NFS_PROGRAM,
    version: 2,
    name: 'nfs',
    procedures: [
      nullProcedure(),
      getattr(exports),
      setattr(exports),
      root(),
      lookup(exports),
      readlink(exports),
      read(exports),
      writecache(),
      write(exports),
      create(exports),
      remove(exports),
      rename(exports),
      link(exports),
      symlink(exports),
      mkdir(exports),
      rmdir(exports),
      readdir(exports, new ShortCookies()),
      statfs(exports),
    ],
  };
}
