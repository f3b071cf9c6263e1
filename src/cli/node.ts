import { Command, Option } from 'commander';
import { readClusterConfig } from '../ha/config-file.ts';
import { ConfigError } from '../server/config.ts';
import { LOG_LEVELS, type LogLevel, makeLog } from '../server/log.ts';
import { ClusterNode } from '../server/node.ts';
import { DEFAULT_CONFIG } from './cluster.ts';
import { fail } from './options.ts';

/** How long a stop may take before the process ends all the same: packages move to other nodes first. */
const STOP_DEADLINE_MILLISECONDS = 45_000;

interface Flags {
  readonly config: string;
  readonly node?: string;
  readonly logLevel?: LogLevel;
  readonly json?: boolean;
  readonly check?: boolean;
}

export function nodeCommand(): Command {
  return new Command('node')
    .description('run this host as a node of a cluster')
    .option('--config <file>', "the cluster's TOML file, the same on every node", DEFAULT_CONFIG)
    .option('--node <name>', "this node's name in it (default: self in the file, or the host's name)")
    .addOption(new Option('--log-level <level>', 'least level to log (default info)').choices(LOG_LEVELS))
    .option('--json', 'log as JSON')
    .option('--check', 'check the file, and end')
    .action((flags: Flags) => (flags.check ? check(flags) : run(flags)));
}

function check(flags: Flags): void {
  const { cluster, node, nodes, packages } = configOf(flags);
  const names = packages.map(({ name }) => name).join(', ');
  process.stdout.write(`cluster ${cluster}, node ${node} of ${nodes.length}, packages ${names}: no mistakes found\n`);
}

async function run(flags: Flags): Promise<void> {
  const config = configOf(flags);
  const log = makeLog(config.logLevel, flags.json ?? false);
  const node = await ClusterNode.start(config, log, flags.json ?? false).catch((error: Error) => fail(error.message));
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) {
      log.info({ signal }, `${signal} again: stopping at once`);
      void node.close();
      return;
    }
    stopping = true;
    log.info({ signal }, `${signal}: moving the packages away, then stopping`);
    setTimeout(() => fail('the stop took too long'), STOP_DEADLINE_MILLISECONDS).unref();
    node.close().then(
      () => process.exit(0),
      (error) => fail(`while stopping: ${error}`),
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('SIGHUP', () => {
    try {
      node.reload(readClusterConfig(flags.config, flags));
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      log.error({}, `nothing is changed: ${error.message}`);
    }
  });
}

function configOf(flags: Flags) {
  try {
    return readClusterConfig(flags.config, flags);
  } catch (error) {
    if (error instanceof ConfigError) fail(error.message);
    throw error;
  }
}
