import { enumeration, fixed, int32, struct, text } from '../wire.ts';
import { procedure, program } from './program.ts';

/** The Network Status Monitor (X/Open XNFS chapter 11). */
export const res_stat = enumeration({ STAT_SUCC: 0, STAT_FAIL: 1 });
const name = text(1024);
export const my_id = struct({ my_name: name, my_prog: int32, my_vers: int32, my_proc: int32 });
export const mon_id = struct({ mon_name: name, my_id });
export const sm_stat = struct({ state: int32 });
export const sm_stat_res = struct({ res_stat, state: int32 });

export const NSM1 = program('NSMv1', 100_024, 1, {
  NULL: procedure(0),
  STAT: procedure(1, struct({ mon_name: name }), sm_stat_res),
  MON: procedure(2, struct({ mon_id, priv: fixed(16) }), sm_stat_res),
  UNMON: procedure(3, mon_id, sm_stat),
  UNMON_ALL: procedure(4, my_id, sm_stat),
  SIMU_CRASH: procedure(5),
  NOTIFY: procedure(6, struct({ mon_name: name, state: int32 })),
});
/** What a monitored host's watcher is called with: the procedure it named, with this. */
export const status = struct({ mon_name: name, state: int32, priv: fixed(16) });
