import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { CommandFailed, type Outcome } from '../lab/command.ts';
import { Mismatch, NotApplicable } from '../protocol/expect.ts';
import type { Result } from '../protocol/runner.ts';
import { type ClientCase, type ClientContext, GROUP, type Machine } from './case.ts';

const MOST_SHOWN = 4000;

/** A machine on which bash scripts run as root. */
export interface Shell {
  run(script: string, options?: { readonly timeoutMs?: number }): Promise<Outcome>;
}

/** An export, mounted at the same place by each of some clients. */
export interface Mounted {
  readonly shells: readonly [Shell, ...Shell[]];
  /** Where the clients have it. */
  readonly at: string;
  /** The same folder as the server's own programs see it, if that can be looked at from here. */
  readonly served?: string | undefined;
  /** A command that mounts what is at a path below the export; the mount point is to follow. */
  mounting(options: string, below: string): string;
}

/** Runs one workload in a fresh folder, and removes that. Throws what the workload throws. */
export async function runWorkload({ id, run, needs }: ClientCase, mounted: Mounted): Promise<void> {
  const name = `${id.split('/').slice(1).join('-')}-${randomBytes(3).toString('hex')}`;
  const folder = join(mounted.at, name);
  const [first, second] = mounted.shells;
  await must(first, `${needs.map((each) => `command -v ${each} >/dev/null || echo ${each}`).join('\n')}`).then(
    (lacks) => {
      if (lacks !== '') throw new NotApplicable(`the client has no ${lacks.trim().split('\n').join(', ')}`);
    },
  );
  await must(first, `mkdir ${folder}`);
  const opened: { shell: Shell; scratch: string }[] = [];
  const open = async (shell: Shell): Promise<Machine> => {
    const scratch = (await must(shell, 'mktemp -d')).trim();
    opened.push({ shell, scratch });
    const prologue = `export SCRATCH=${scratch}\ncd ${folder}\n`;
    const options = (timeoutMs?: number) => (timeoutMs === undefined ? {} : { timeoutMs });
    return {
      folder,
      must: (script, timeoutMs) => must(shell, `${prologue}${script}`, timeoutMs),
      run: (script, timeoutMs) => shell.run(`${prologue}${script}`, options(timeoutMs)),
    };
  };
  try {
    const one = await open(first);
    const two = second === undefined ? undefined : await open(second);
    await run(contextOf(mounted, name, one, two));
  } finally {
    // What is held open goes first, or the folder would not get empty.
    for (const { shell, scratch } of opened) {
      await shell.run(`[ ! -e ${scratch}/held.pid ] || kill $(cat ${scratch}/held.pid) 2>/dev/null; rm -rf ${scratch}`);
    }
    await first.run(`rm -rf ${folder}`);
  }
}

function contextOf(mounted: Mounted, name: string, one: Machine, two: Machine | undefined): ClientContext {
  return {
    one,
    two: () => {
      if (two === undefined) throw new NotApplicable('there is one client only');
      return two;
    },
    onServer: (look) => {
      if (mounted.served !== undefined) look(join(mounted.served, name));
    },
    mounting: (options, below = '') => mounted.mounting(options, `/${name}${below}`),
  };
}

async function must(shell: Shell, script: string, timeoutMs?: number): Promise<string> {
  const options = timeoutMs === undefined ? {} : { timeoutMs };
  const outcome = await shell.run(`set -euo pipefail\n${script}`, options);
  if (outcome.code !== 0) throw new CommandFailed(script, outcome);
  return outcome.stdout;
}

/** What there is to work with: a mount for each version of NFS, or why there is none. */
export interface Clients {
  readonly version3: Mounted | string;
  readonly version2: Mounted | string;
  /** Why there are no locks. */
  readonly unlocked?: string | undefined;
}

/** Runs workloads one after the other: each of them may look at all that its client does. */
export async function runWorkloads(
  cases: readonly ClientCase[],
  clients: Clients,
  { onResult, signal }: { readonly onResult?: (result: Result) => void; readonly signal?: AbortSignal } = {},
): Promise<Result[]> {
  const results: Result[] = [];
  for (const each of cases) {
    if (signal?.aborted) break;
    const begun = performance.now();
    const [outcome, detail] = await outcomeOf(each, clients);
    const { id, procedure, title, clause } = each;
    const result: Result = {
      ...{ id, group: GROUP, procedure, title, clause, class: 'LINUX', outcome, detail },
      milliseconds: Math.round(performance.now() - begun),
    };
    results.push(result);
    onResult?.(result);
  }
  return results;
}

/** A script prints much when all goes wrong. */
function shortened(text: string): string {
  if (text.length <= MOST_SHOWN) return text;
  return `${text.slice(0, MOST_SHOWN / 2)}\n...\n${text.slice(-MOST_SHOWN / 2)}`;
}

async function outcomeOf(each: ClientCase, clients: Clients): Promise<[Result['outcome'], string]> {
  const mounted = each.version === 2 ? clients.version2 : clients.version3;
  if (typeof mounted === 'string') return ['not applicable', mounted];
  if (each.locks && clients.unlocked !== undefined) return ['not applicable', clients.unlocked];
  try {
    await runWorkload(each, mounted);
    return ['pass', ''];
  } catch (error) {
    if (error instanceof NotApplicable) return ['not applicable', error.message];
    if (error instanceof Mismatch || error instanceof CommandFailed) return ['fail', shortened(error.message)];
    return ['error', error instanceof Error ? (error.stack ?? error.message) : String(error)];
  }
}
