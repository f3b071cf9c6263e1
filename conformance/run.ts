import type { ClientCase } from './client/case.ts';
import { CLIENT_CASES } from './client/cases.ts';
import { clientsOnHost, whyNoClient } from './client/host.ts';
import { runWorkloads } from './client/runner.ts';
import { matching, selectCases } from './protocol/cases.ts';
import { Housekeeping } from './protocol/housekeeping.ts';
import { type Result, runCases } from './protocol/runner.ts';
import { Target, type TargetOptions } from './protocol/target.ts';
import { conforms, type Report } from './report/summary.ts';
import { Terminal } from './report/terminal.ts';
import { type ReportFiles, writeReports } from './report/write.ts';

export interface ConformanceOptions extends TargetOptions, ReportFiles {
  /** Patterns of case ids; none: every case. */
  readonly only: readonly string[];
  readonly verbose: boolean;
  readonly jobs: number;
  /** Judges it by what this host's own kernel does with it, too. */
  readonly client: boolean;
  /** Version of steadfs, for the reports. */
  readonly version: string;
}

/** The cases, a line each. */
export function listCases(only: readonly string[], client: boolean): string {
  const lines = selectCases(only).map(({ id, title, clause, needs, class: of }) => {
    const needed = needs.length === 0 ? '' : `  needs ${needs.join(', ')}`;
    return `${of.padEnd(6)} ${id}  ${title} (${clause})${needed}\n`;
  });
  const workloads = client ? matching(only, CLIENT_CASES) : [];
  return [...lines, ...workloads.map(({ id, title, clause }) => `LINUX  ${id}  ${title} (${clause})\n`)].join('');
}

/** The lab's guests reach servers inside the lab alone. */
const INSTEAD =
  'run it on a host that has one, or in the repository npm run conformance:client, which judges steadfs or nfs-ganesha with User-Mode Linux';

/** A run that could not begin, with what the user is to do. */
export class CannotRun extends Error {
  override readonly name = 'CannotRun';
}

/**
 * Judges the server, and writes the reports. True if every MUST case that applies passes. Whatever happens, the suite's
 * folder is removed from the export. Throws {@link CannotRun}.
 */
export async function runConformance(options: ConformanceOptions): Promise<boolean> {
  const cases = selectCases(options.only);
  const workloads = options.client ? matching(options.only, CLIENT_CASES) : [];
  if (cases.length + workloads.length === 0)
    throw new CannotRun(`no case is called ${options.only.join(' or ')}: --list shows them all`);
  const lacking = workloads.length === 0 ? undefined : await whyNoClient();
  if (lacking !== undefined) throw new CannotRun(`--client: ${lacking}; ${INSTEAD}`);
  const target = await opened(() => Target.open(options));
  const housekeeping = await opened(() => Housekeeping.open(target));
  // Standard output is the JSON report's where that was asked for.
  const screen = options.json === true ? process.stderr : process.stdout;
  const terminal = new Terminal(screen, cases.length + workloads.length, options);
  const startedAt = new Date();
  const begun = performance.now();
  const stop = new AbortController();
  const interrupted = () => stop.abort();
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    const onResult = (result: Result) => terminal.result(result);
    const { signal } = stop;
    const results = [
      ...(await runCases(cases, target, housekeeping, { jobs: options.jobs, signal, onResult })),
      ...(await runOnHost(workloads, options, { signal, onResult })),
    ];
    const report: Report = {
      ...{ target: `${options.host}:${options.path}`, version: options.version, startedAt, results },
      milliseconds: Math.round(performance.now() - begun),
    };
    terminal.finish(report);
    writeReports(report, options);
    return conforms(results) && !stop.signal.aborted;
  } finally {
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
    await housekeeping.close();
  }
}

/** Workloads on a mount of this host's own. */
async function runOnHost(
  workloads: readonly ClientCase[],
  target: TargetOptions,
  options: Parameters<typeof runWorkloads>[2],
): Promise<Result[]> {
  if (workloads.length === 0) return [];
  const clients = await clientsOnHost(target);
  try {
    return await runWorkloads(workloads, clients, options);
  } finally {
    await clients.close();
  }
}

async function opened<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    throw new CannotRun((error as Error).message);
  }
}
