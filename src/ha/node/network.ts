import type { Logger } from '../../common/log.ts';
import type { ClusterConfig } from '../config.ts';
import { NodeNetwork, openServiceSockets } from '../network/index.ts';
import type { ServiceNetwork } from './ports.ts';

/** The service network of this host, as the daemon asks for it. */
export function hostNetwork({ node, nodes, packages }: ClusterConfig, log: Logger): ServiceNetwork {
  const interfaces = nodes.find(({ name }) => name === node)?.interfaces ?? [];
  const network = NodeNetwork.open(packages, interfaces, log);
  return {
    listen: ({ addresses, port, portmap }) =>
      openServiceSockets(
        addresses.map(({ address }) => address),
        port,
        portmap,
      ),
    get isolated() {
      return network.isolated;
    },
    links: () => Object.fromEntries(network.links.states().map(({ device, up }) => [device, up])),
    raise: (name, until) => network.raise(name, until),
    renew: (name, until) => network.renew(name, until),
    lower: (name) => network.lower(name),
    where: (name) => network.where(name),
    wake: (name, connections) => network.wake(name, connections),
    reconcile: () => network.reconcile(),
    close: () => network.close(),
  };
}
