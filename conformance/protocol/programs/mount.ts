import { array, enumeration, fixed, int32, list, opaque, struct, type TypeOf, text, uint32, union } from '../wire.ts';
import { procedure, program } from './program.ts';

/** MOUNT (RFC 1094 Appendix A, RFC 1813 Appendix I). */
export const mountstat3 = enumeration({
  MNT3_OK: 0,
  MNT3ERR_PERM: 1,
  MNT3ERR_NOENT: 2,
  MNT3ERR_IO: 5,
  MNT3ERR_ACCES: 13,
  MNT3ERR_NOTDIR: 20,
  MNT3ERR_INVAL: 22,
  MNT3ERR_NAMETOOLONG: 63,
  MNT3ERR_NOTSUPP: 10004,
  MNT3ERR_SERVERFAULT: 10006,
});
export type mountstat3 = TypeOf<typeof mountstat3>;

const dirpath = text();
export const mountlist = list(struct({ ml_hostname: text(255), ml_directory: text(1024) }));
export const exports = list(struct({ ex_dir: text(1024), ex_groups: list(text(255)) }));

export const mountres3 = union('fhs_status', mountstat3, {
  MNT3_OK: { fhandle: opaque(64), auth_flavors: array(uint32, 64) },
});

/** RFC 1094 Appendix A.3: zero, or a UNIX error number. Those that mountd is known to answer with. */
export const fhstatus = enumeration({
  OK: 0,
  EPERM: 1,
  ENOENT: 2,
  EIO: 5,
  EACCES: 13,
  ENOTDIR: 20,
  EINVAL: 22,
  ENAMETOOLONG: 63,
});
export const fhstatusres = union('status', fhstatus, { OK: { directory: fixed(32) } });

const common = {
  NULL: procedure(0),
  DUMP: procedure(2, undefined, mountlist),
  UMNT: procedure(3, dirpath),
  UMNTALL: procedure(4),
  EXPORT: procedure(5, undefined, exports),
};

const old = { ...common, MNT: procedure(1, dirpath, fhstatusres), EXPORTALL: procedure(6, undefined, exports) };

/** What pathconf(3) tells. A bit of the mask says that the value of this number is not known. */
export const ppathcnf = struct({
  pc_link_max: int32,
  pc_max_canon: int32,
  pc_max_input: int32,
  pc_name_max: int32,
  pc_path_max: int32,
  pc_pipe_buf: int32,
  pc_vdisable: uint32,
  pc_xxx: int32,
  pc_mask: struct({ low: int32, high: int32 }),
});

export const MOUNT1 = program('MOUNTv1', 100_005, 1, old);
/** Version 2 adds PATHCONF (`mount.x` of SunOS and Linux; no RFC has it). */
export const MOUNT2 = program('MOUNTv2', 100_005, 2, { ...old, PATHCONF: procedure(7, dirpath, ppathcnf) });
export const MOUNT3 = program('MOUNTv3', 100_005, 3, { ...common, MNT: procedure(1, dirpath, mountres3) });
