import type { Logger } from '../../common/log.ts';
import type { ClusterConfig } from '../config.ts';
import type { Coordinator } from './contract.ts';
import { EtcdCoordinator } from './etcd.ts';
import { EtcdGateway } from './etcd-gateway.ts';
import { openSharedDir } from './shared-dir-open.ts';
import { realTiming, type Timing } from './timing.ts';

export * from './contract.ts';

/**
 * The coordinator that a configuration names. A shared folder must be usable: rejects with an Error that says what to do,
 * or with `CoordinatorLost` if it hangs. etcd need not be there yet, but its files must.
 */
export async function openCoordinator(
  { cluster, node, leaseMilliseconds, coordinator }: ClusterConfig,
  log: Logger,
  timing: Timing = realTiming,
): Promise<Coordinator> {
  if (coordinator.type === 'shared-dir') {
    return openSharedDir({ path: coordinator.path, cluster, node, leaseMilliseconds, timing, log });
  }
  const store = new EtcdGateway(coordinator, timing);
  return new EtcdCoordinator({ store, cluster, node, leaseMilliseconds, timing });
}
