import { procedure } from '../../rpc/index.ts';
import type { Monitor } from '../../state/index.ts';
import { isOurs, type StatusService } from '../service.ts';
import { mon_id, my_id, sm_stat } from '../types.ts';

interface Program {
  readonly my_prog: number;
  readonly my_vers: number;
  readonly my_proc: number;
}

/** SM_UNMON: one host need not be watched for this program any more. */
export const unmon = (service: StatusService) =>
  procedure({
    number: 3,
    name: 'SM_UNMON',
    args: mon_id,
    res: sm_stat,
    idempotent: true,
    handle: ({ mon_name, my_id: program }, { peer }) => {
      const name = mon_name.toString('latin1');
      return drop(service, peer.address, (monitor) => monitor.name === name && isWatchedFor(monitor, program));
    },
  });

/** SM_UNMON_ALL: none of the hosts that this program had watched. */
export const unmonAll = (service: StatusService) =>
  procedure({
    number: 4,
    name: 'SM_UNMON_ALL',
    args: my_id,
    res: sm_stat,
    idempotent: true,
    handle: (program, { peer }) => drop(service, peer.address, (monitor) => isWatchedFor(monitor, program)),
  });

async function drop({ monitors }: StatusService, address: string, isMeant: (monitor: Monitor) => boolean) {
  const going = isOurs(address) ? monitors.list().filter(isMeant) : [];
  await Promise.all(going.map((monitor) => monitors.drop(monitor)));
  return { state: monitors.state };
}

function isWatchedFor({ watcher }: Monitor, { my_prog, my_vers, my_proc }: Program): boolean {
  if (watcher === undefined) return false;
  return watcher.program === my_prog && watcher.version === my_vers && watcher.procedure === my_proc;
}
