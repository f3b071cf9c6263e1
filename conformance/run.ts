import { writeFileSync } from 'node:fs';
import { selectCases } from './protocol/cases.ts';
import { Housekeeping } from './protocol/housekeeping.ts';
import { runCases } from './protocol/runner.ts';
import { Target, type TargetOptions } from './protocol/target.ts';
import { htmlReport } from './report/html.ts';
import { jsonReport } from './report/json.ts';
import { junitReport } from './report/junit.ts';
import { conforms, type Report } from './report/summary.ts';
import { Terminal } from './report/terminal.ts';

export interface ConformanceOptions extends TargetOptions {
  /** Patterns of case ids; none: every case. */
  readonly only: readonly string[];
  readonly verbose: boolean;
  readonly jobs: number;
  /** Files to write; `true` is standard output. */
  readonly json?: string | true | undefined;
  readonly junit?: string | undefined;
  readonly html?: string | undefined;
  /** Version of steadfs, for the reports. */
  readonly version: string;
}

/** The cases, a line each. */
export function listCases(only: readonly string[]): string {
  return selectCases(only)
    .map(({ id, title, clause, needs, class: of }) => {
      const needed = needs.length === 0 ? '' : `  needs ${needs.join(', ')}`;
      return `${of.padEnd(6)} ${id}  ${title} (${clause})${needed}\n`;
    })
    .join('');
}

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
  if (cases.length === 0) throw new CannotRun(`no case is called ${options.only.join(' or ')}: --list shows them all`);
  const target = await opened(() => Target.open(options));
  const housekeeping = await opened(() => Housekeeping.open(target));
  // Standard output is the JSON report's where that was asked for.
  const screen = options.json === true ? process.stderr : process.stdout;
  const terminal = new Terminal(screen, cases.length, options);
  const startedAt = new Date();
  const begun = performance.now();
  const stop = new AbortController();
  const interrupted = () => stop.abort();
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    const results = await runCases(cases, target, housekeeping, {
      ...{ jobs: options.jobs, signal: stop.signal },
      onResult: (result) => terminal.result(result),
    });
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

function writeReports(report: Report, { json, junit, html }: ConformanceOptions): void {
  if (json === true) process.stdout.write(jsonReport(report));
  else if (json !== undefined) writeFileSync(json, jsonReport(report));
  if (junit !== undefined) writeFileSync(junit, junitReport(report));
  if (html !== undefined) writeFileSync(html, htmlReport(report));
}

async function opened<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    throw new CannotRun((error as Error).message);
  }
}
