import type { ClusterConfig } from '../config.ts';
import { runCommand } from './command.ts';
import type { Fence } from './ports.ts';

/** Power switches and management boards take their time. */
const DEADLINE = 60_000;

/** Runs the fence commands of the configuration; the node to put down is also in the variable STEADFS_NODE. */
export function configuredFence(nodes: ClusterConfig['nodes']): Fence {
  // Several packages of one node are lost together, and a management board has one session at a time.
  const running = new Map<string, Promise<unknown>>();
  return {
    async run(node) {
      const command = nodes.find(({ name }) => name === node)?.fence;
      if (command === undefined) throw new Error(`no fence command is configured for ${node}`);
      const run = running.get(node) ?? runCommand(command, DEADLINE, { variables: { STEADFS_NODE: node } });
      running.set(node, run);
      try {
        await run;
      } finally {
        running.delete(node);
      }
    },
  };
}
