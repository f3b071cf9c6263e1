import type { Credential } from '../rpc/index.ts';
import type { Caller } from '../vfs/index.ts';
import type { ExportOptions } from './options.ts';

/** -1: no identity at all. To the kernel it would mean "stay who you are", which here is the server. */
const NOBODY = 0xffffffff;

/** On whose behalf a call runs: knfsd's rules for squashing (`nfsd_setuser`). A call without AUTH_SYS is anonymous. */
export function squash(credential: Credential, options: ExportOptions): Caller {
  const { unix } = credential;
  const { anonUid, anonGid, sync } = options;
  if (unix === undefined || options.allSquash) return { uid: anonUid, gid: anonGid, groups: [], sync };
  const isSquashed = (id: number) => id === NOBODY || (id === 0 && options.rootSquash);
  return {
    uid: isSquashed(unix.uid) ? anonUid : unix.uid,
    gid: isSquashed(unix.gid) ? anonGid : unix.gid,
    groups: unix.gids.map((gid) => (isSquashed(gid) ? anonGid : gid)),
    sync,
  };
}
