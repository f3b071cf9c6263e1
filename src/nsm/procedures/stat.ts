import { procedure } from '../../rpc/index.ts';
import type { StatusService } from '../service.ts';
import { STAT_SUCC, sm_name, sm_stat_res } from '../types.ts';

/** SM_STAT: whether a host could be monitored, and our state number. Any host could. */
export const stat = ({ monitors }: StatusService) =>
  procedure({
    number: 1,
    name: 'SM_STAT',
    args: sm_name,
    res: sm_stat_res,
    idempotent: true,
    handle: () => ({ res_stat: STAT_SUCC, state: monitors.state }),
  });
