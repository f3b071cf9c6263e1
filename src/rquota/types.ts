import { bool, int32, opaque, struct, type TypeOf, uint32, union } from '../xdr/index.ts';

/** RQ_PATHLEN of `rquota.x`. */
const RQ_PATHLEN = 1024;
const rqPath = opaque(RQ_PATHLEN);

/** `rquota`: sizes in blocks of `rq_bsize` bytes, times in seconds from now, or zero. */
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
export type rquota = TypeOf<typeof rquota>;

/** `gqr_status` and `sqr_status`. */
export const Q_OK = 1;
export const Q_NOQUOTA = 2;
export const Q_EPERM = 3;

/** `getquota_rslt`, and `setquota_rslt`, which is the same. */
export const getquota_rslt = union('status', { 1: { rquota }, 2: {}, 3: {} });
export type getquota_rslt = TypeOf<typeof getquota_rslt>;

/** Version 1 knows users' quotas only. */
export const getquota_args = struct({ gqa_pathp: rqPath, gqa_uid: int32 });
export const ext_getquota_args = struct({ gqa_pathp: rqPath, gqa_type: int32, gqa_id: int32 });

/** Limits in blocks of 1 KiB. What is used, and the times, are for the kernel to say. */
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
export type sq_dqblk = TypeOf<typeof sq_dqblk>;
export const setquota_args = struct({ sqa_qcmd: int32, sqa_pathp: rqPath, sqa_id: int32, sqa_dqblk: sq_dqblk });
export const ext_setquota_args = struct({
  sqa_qcmd: int32,
  sqa_pathp: rqPath,
  sqa_id: int32,
  sqa_type: int32,
  sqa_dqblk: sq_dqblk,
});
