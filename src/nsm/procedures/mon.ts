import { isIP } from 'node:net';
import { procedure } from '../../rpc/index.ts';
import type { Monitor } from '../../state/index.ts';
import { isOurs, type StatusService } from '../service.ts';
import { mon as monType, STAT_FAIL, STAT_SUCC, sm_stat_res } from '../types.ts';

/** SM_MON: a program of this host wants to be told when another host restarts. On disk before the answer. */
export const mon = ({ monitors }: StatusService) =>
  procedure({
    number: 2,
    name: 'SM_MON',
    args: monType,
    res: sm_stat_res,
    idempotent: true,
    handle: async ({ mon_id: { mon_name, my_id }, priv }, { peer }) => {
      const { state } = monitors;
      if (!isOurs(peer.address)) return { res_stat: STAT_FAIL, state };
      const name = mon_name.toString('latin1');
      const { my_prog: program, my_vers: version, my_proc: procedure } = my_id;
      const monitor: Monitor = {
        ...{ name, address: isIP(name) === 0 ? '' : name, localAddress: '', state: 0, told: state, since: Date.now() },
        watcher: { program, version, procedure, cookie: priv.toString('hex') },
      };
      await monitors.keep(monitor);
      return { res_stat: STAT_SUCC, state };
    },
  });
