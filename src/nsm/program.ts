import { type ProgramVersion, procedure } from '../rpc/index.ts';
import { nothing } from '../xdr/index.ts';
import { mon } from './procedures/mon.ts';
import { notify } from './procedures/notify.ts';
import { simuCrash } from './procedures/simu-crash.ts';
import { stat } from './procedures/stat.ts';
import { unmon, unmonAll } from './procedures/unmon.ts';
import type { StatusService } from './service.ts';
import { SM_PROG, SM_VERS } from './types.ts';

/** The status monitor (statd): who has restarted, and whom to tell of our own. */
export function nsmProgram(service: StatusService): ProgramVersion {
  return {
    program: SM_PROG,
    version: SM_VERS,
    name: 'status',
    procedures: [
      procedure({ number: 0, name: 'SM_NULL', args: nothing, res: nothing, idempotent: true, handle: () => undefined }),
      stat(service),
      mon(service),
      unmon(service),
      unmonAll(service),
      simuCrash(service),
      notify(service),
    ],
  };
}
