import { bool, enumeration, int32, struct, text, uint32, union } from '../wire.ts';
import { procedure, program } from './program.ts';

/** Remote quotas (`rquota.x` of SunOS and Linux; no RFC has them). */
export const qr_status = enumeration({ Q_OK: 1, Q_NOQUOTA: 2, Q_EPERM: 3 });
export const rquota = struct({
  rq_bsize: int32,
  rq_active: bool,
  rq_bhardlimit: uint32,
  rq_bsoftlimit: uint32,
  rq_curblocks: uint32,
  rq_fhardlimit: uint32,
  rq_fsoftlimit: uint32,
  rq_curfiles: uint32,
  rq_btimeleft: uint32,
  rq_ftimeleft: uint32,
});
export const sq_dqblk = struct({
  rq_bhardlimit: uint32,
  rq_bsoftlimit: uint32,
  rq_curblocks: uint32,
  rq_fhardlimit: uint32,
  rq_fsoftlimit: uint32,
  rq_curfiles: uint32,
  rq_btimeleft: uint32,
  rq_ftimeleft: uint32,
});
const path = text(1024);
const getquota_rslt = union('status', qr_status, { Q_OK: { rquota } });
const getquota_args = struct({ gqa_pathp: path, gqa_uid: int32 });
const ext_getquota_args = struct({ gqa_pathp: path, gqa_type: int32, gqa_id: int32 });
const setquota_args = struct({ sqa_qcmd: int32, sqa_pathp: path, sqa_id: int32, sqa_dqblk: sq_dqblk });
const ext_setquota_args = struct({
  sqa_qcmd: int32,
  sqa_pathp: path,
  sqa_id: int32,
  sqa_type: int32,
  sqa_dqblk: sq_dqblk,
});

export const RQUOTA1 = program('RQUOTAv1', 100_011, 1, {
  NULL: procedure(0),
  GETQUOTA: procedure(1, getquota_args, getquota_rslt),
  GETACTIVEQUOTA: procedure(2, getquota_args, getquota_rslt),
  SETQUOTA: procedure(3, setquota_args, getquota_rslt),
  SETACTIVEQUOTA: procedure(4, setquota_args, getquota_rslt),
});
export const RQUOTA2 = program('RQUOTAv2', 100_011, 2, {
  NULL: procedure(0),
  GETQUOTA: procedure(1, ext_getquota_args, getquota_rslt),
  GETACTIVEQUOTA: procedure(2, ext_getquota_args, getquota_rslt),
  SETQUOTA: procedure(3, ext_setquota_args, getquota_rslt),
  SETACTIVEQUOTA: procedure(4, ext_setquota_args, getquota_rslt),
});
