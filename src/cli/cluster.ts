import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, type CommanderError, Option } from 'commander';
import type { OrderAnswer } from '../ha/cluster-admin.ts';
import type { ClusterOrder } from '../ha/cluster-port.ts';
import { readRunDirectory } from '../ha/config-file.ts';
import { type ClusterReport, isHeard } from '../ha/report.ts';
import { AdminUnreachable, askServer } from '../server/admin.ts';
import { ConfigError } from '../server/config.ts';
import { clusterText } from './cluster-text.ts';
import {
  drainOutcome,
  isOn,
  maintenanceOutcome,
  moveOutcome,
  type Outcome,
  resumeOutcome,
  unfinished,
} from './cluster-wait.ts';
import { whole } from './options.ts';

export const DEFAULT_CONFIG = '/etc/steadfs/cluster.toml';
const TIMEOUT_SECONDS = 60;
const POLL_MILLISECONDS = 200;

/** For scripts; `steadfs cluster --help` and docs/configuration.md tell users. */
const EXIT = { failed: 1, usage: 2, unreachable: 3 } as const;
const HELP = `
Exit codes: 0 done, 1 refused or failed (standard error says why), 2 wrong usage, 3 no answer from the node
daemon or from the cluster's coordinator.`;

interface Flags {
  readonly config?: string;
  readonly run?: string;
  readonly json?: boolean;
  readonly wait?: boolean;
  readonly timeout?: number;
}

interface Waiting {
  readonly order: ClusterOrder;
  /** Judges what a report says about the order. `id`: of a move. */
  outcome(before: ClusterReport, report: ClusterReport, id: string | undefined): Outcome;
  /** The packages that the order is about. */
  concerns(item: ClusterReport['packages'][number]): boolean;
}

export function clusterCommand(): Command {
  const cluster = new Command('cluster')
    .description('show a cluster, and move its packages; asks the node daemon of this host')
    .addHelpText('after', HELP);
  usageErrors(cluster);
  question(cluster, 'status', 'show nodes, packages, leases and what moved lately').action((flags: Flags) =>
    status(flags),
  );
  order(cluster, 'move', 'move a package to a node, or anywhere else')
    .argument('<package>')
    .argument('[node]')
    .action((name: string, node: string | undefined, flags: Flags) =>
      carryOut(flags, {
        order: { do: 'move', package: name, node },
        outcome: (before, report, id) => (id === undefined ? undefined : moveOutcome(before, report, name, id)),
        concerns: (item) => item.name === name,
      }),
    );
  order(cluster, 'drain', 'move every package away from a node, and let none come')
    .argument('<node>')
    .action((node: string, flags: Flags) =>
      carryOut(flags, {
        order: { do: 'drain', node },
        outcome: (before, report) => drainOutcome(before, report, node),
        concerns: (item) => isOn(item, node),
      }),
    );
  order(cluster, 'resume', 'let packages come to a drained node again')
    .argument('<node>')
    .action((node: string, flags: Flags) =>
      carryOut(flags, {
        order: { do: 'resume', node },
        outcome: (_before, report) => resumeOutcome(report, node),
        concerns: () => false,
      }),
    );
  order(cluster, 'maintenance', 'leave a package alone: nothing starts, stops or moves it by itself')
    .argument('<package>')
    .addArgument(new Command().createArgument('<on|off>').choices(['on', 'off']))
    .action((name: string, state: 'on' | 'off', flags: Flags) =>
      carryOut(flags, {
        order: { do: 'maintenance', package: name, on: state === 'on' },
        outcome: (_before, report) => maintenanceOutcome(report, name, state === 'on'),
        concerns: (item) => item.name === name,
      }),
    );
  return cluster;
}

function question(cluster: Command, name: string, description: string): Command {
  const command = cluster
    .command(name)
    .description(description)
    .option('--config <file>', `the cluster's file (default ${DEFAULT_CONFIG})`)
    .addOption(new Option('--run <folder>', 'the run folder of the node daemon to ask').conflicts('config'))
    .option('--json', 'as JSON')
    .addHelpText('after', HELP);
  usageErrors(command);
  return command;
}

function order(cluster: Command, name: string, description: string): Command {
  return question(cluster, name, description)
    .option('--no-wait', 'end as soon as the order is given')
    .option('--timeout <seconds>', `how long to wait for it to be done (default ${TIMEOUT_SECONDS})`, whole(1, 86_400));
}

/** commander ends with 1 whatever is wrong. */
function usageErrors(command: Command): void {
  command.exitOverride(({ exitCode }: CommanderError) => process.exit(exitCode === 0 ? 0 : EXIT.usage));
}

async function status(flags: Flags): Promise<void> {
  const report = await view(runDirectory(flags));
  process.stdout.write(flags.json ? `${JSON.stringify(report, undefined, 2)}\n` : clusterText(report));
  if (!isHeard(report)) process.exitCode = EXIT.unreachable;
}

async function carryOut(flags: Flags, waiting: Waiting): Promise<void> {
  const run = runDirectory(flags);
  const before = await view(run);
  const answer = (await ask(run, 'POST /cluster/order', waiting.order)) as OrderAnswer;
  switch (answer.result) {
    case 'refused':
      return end(EXIT.failed, answer.reason);
    case 'unreachable':
      return end(EXIT.unreachable, answer.reason);
    case 'done':
      return say(flags, [answer.reason]);
    case 'taken':
      if (flags.wait === false) return say(flags, ['ordered'], false);
  }
  const deadline = Date.now() + (flags.timeout ?? TIMEOUT_SECONDS) * 1000;
  for (;;) {
    const report = await view(run);
    const outcome = waiting.outcome(before, report, answer.id);
    if (outcome !== undefined) {
      return outcome.isDone ? say(flags, outcome.lines) : end(EXIT.failed, outcome.lines.join('\n'));
    }
    if (Date.now() > deadline) {
      const lines = ['it was not done in time, but stays ordered', ...unfinished(report, waiting.concerns)];
      if (!isHeard(report)) return end(EXIT.unreachable, ['the coordinator does not answer', ...lines].join('\n'));
      return end(EXIT.failed, lines.join('\n'));
    }
    await sleep(POLL_MILLISECONDS);
  }
}

function runDirectory({ run, config }: Flags): string {
  if (run !== undefined) return resolve(run);
  try {
    return readRunDirectory(config ?? DEFAULT_CONFIG);
  } catch (error) {
    if (error instanceof ConfigError) end(EXIT.usage, error.message);
    throw error;
  }
}

async function view(run: string): Promise<ClusterReport> {
  return (await ask(run, 'GET /cluster')) as ClusterReport;
}

async function ask(run: string, question: string, body?: unknown): Promise<unknown> {
  try {
    return await askServer(run, question, body);
  } catch (error) {
    if (!(error instanceof AdminUnreachable)) end(EXIT.failed, (error as Error).message);
    const hint = error.code === 'EACCES' ? 'ask as root' : 'start it with steadfs node, or name its folder with --run';
    end(EXIT.unreachable, `no node daemon answers in ${run} (${error.code ?? error.message}); ${hint}`);
  }
}

function say({ json }: Flags, lines: readonly string[], done = true): void {
  process.stdout.write(json ? `${JSON.stringify({ done, messages: lines })}\n` : `${lines.join('\n')}\n`);
}

function end(code: number, message: string): never {
  process.stderr.write(`${message.replace(/^/gm, 'steadfs: ')}\n`);
  process.exit(code);
}
