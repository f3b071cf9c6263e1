import type { Logger } from '../../common/log.ts';
import { monotonic } from '../../common/monotonic.ts';
import type { ClusterConfig } from '../config.ts';
import { type Coordinator, openCoordinator } from '../coordinator/index.ts';
import { TcpProbe } from '../health/probe.ts';
import type { NodeObserver } from '../observer.ts';
import { configuredFence } from './fence.ts';
import { hostNetwork } from './network.ts';
import type { Clock, NodePorts } from './ports.ts';
import { hostServers } from './spawn.ts';
import { HostStorage } from './storage.ts';
import { Watchdog } from './watchdog.ts';

/** What a node daemon works with. */
export interface NodeParts {
  readonly coordinator: Coordinator;
  readonly ports: NodePorts;
  /** Server processes log as JSON, also on a terminal. */
  readonly json: boolean;
  readonly observer?: NodeObserver | undefined;
}

const hostClock: Clock = {
  monotonic,
  wall: () => Date.now(),
  after(milliseconds, work) {
    const timer = setTimeout(work, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** The real ones, on this host. Rejects as `openCoordinator` does. */
export async function hostParts(config: ClusterConfig, log: Logger, json = false): Promise<NodeParts> {
  const coordinator = await openCoordinator(config, log);
  const ports: NodePorts = {
    clock: hostClock,
    servers: hostServers,
    network: hostNetwork(config, log),
    storage: new HostStorage(),
    fence: configuredFence(config.nodes),
    probes: { open: (plan) => new TcpProbe(plan, monotonic) },
    watchdog: new Watchdog({ log }),
  };
  return { coordinator, ports, json };
}
