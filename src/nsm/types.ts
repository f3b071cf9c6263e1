import { fixed, int32, opaque, struct, type TypeOf } from '../xdr/index.ts';

/** The Network Status Monitor (X/Open XNFS chapter 11). */
export const SM_PROG = 100024;
export const SM_VERS = 1;
export const SM_NOTIFY = 6;

const SM_MAXSTRLEN = 1024;
export const SM_PRIV_BYTES = 16;

/** `res`. */
export const STAT_SUCC = 0;
export const STAT_FAIL = 1;

const name = opaque(SM_MAXSTRLEN);
const priv = fixed(SM_PRIV_BYTES);

export const sm_name = struct({ mon_name: name });
export const my_id = struct({ my_name: name, my_prog: int32, my_vers: int32, my_proc: int32 });
export const mon_id = struct({ mon_name: name, my_id });
export const mon = struct({ mon_id, priv });
export const sm_stat = struct({ state: int32 });
export const sm_stat_res = struct({ res_stat: int32, state: int32 });
export const stat_chge = struct({ mon_name: name, state: int32 });
/** What a watcher is told. */
export const status = struct({ mon_name: name, state: int32, priv });
export type mon_id = TypeOf<typeof mon_id>;
