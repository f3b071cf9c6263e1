import type { CaseClass } from '../protocol/case.ts';
import type { Outcome, Result } from '../protocol/runner.ts';

/** A run of the suite, as every report has it. */
export interface Report {
  /** `HOST:/EXPORT`. */
  readonly target: string;
  /** Version of steadfs, whose suite this is. */
  readonly version: string;
  readonly startedAt: Date;
  readonly milliseconds: number;
  readonly results: readonly Result[];
}

export const CLASSES: readonly CaseClass[] = ['MUST', 'SHOULD', 'LINUX'];
export const OUTCOMES: readonly Outcome[] = ['pass', 'fail', 'error', 'not applicable'];

export type Counts = { readonly [outcome in Outcome]: number };

export function count(results: readonly Result[]): Counts {
  const counts = { pass: 0, fail: 0, error: 0, 'not applicable': 0 };
  for (const { outcome } of results) counts[outcome]++;
  return counts;
}

/** True if no MUST case failed or went wrong: what the suite's exit code says. */
export function conforms(results: readonly Result[]): boolean {
  return !results.some((result) => result.class === 'MUST' && isBad(result));
}

export function isBad({ outcome }: Result): boolean {
  return outcome === 'fail' || outcome === 'error';
}

/** Results by program, and by procedure within, in their order. */
export function grouped(results: readonly Result[]): Map<string, Map<string, Result[]>> {
  const groups = new Map<string, Map<string, Result[]>>();
  for (const result of results) {
    const procedures = groups.get(result.group) ?? new Map<string, Result[]>();
    groups.set(result.group, procedures);
    const list = procedures.get(result.procedure) ?? [];
    procedures.set(result.procedure, list);
    list.push(result);
  }
  return groups;
}
