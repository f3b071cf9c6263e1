import type { Outcome, Result } from '../../../conformance/protocol/runner.ts';
import type { Report } from '../../../conformance/report/summary.ts';

const OUTCOMES: readonly Outcome[] = ['pass', 'pass', 'fail', 'not applicable', 'pass', 'error'];
const CLASSES = ['MUST', 'MUST', 'SHOULD', 'LINUX'] as const;
const PROCEDURES = ['GETATTR', 'LOOKUP', 'READDIRPLUS', 'SYMLINK', 'a-heading-without-a-procedure'];

export function resultOf(parts: Partial<Result>): Result {
  return {
    ...{ id: 'NFSv3/LOOKUP/missing-name', group: 'NFSv3', procedure: 'LOOKUP', title: 'a name that is not there' },
    ...{ clause: 'RFC 1813 §3.3.3', class: 'MUST', outcome: 'pass', detail: '', milliseconds: 12 },
    ...parts,
  };
}

/** A run of many cases of every kind, with texts of the sort that break pages: long, marked up, with control characters. */
export function bigReport(cases: number): Report {
  const results = Array.from({ length: cases }, (_, index): Result => {
    const group = `NFSv${1 + (index % 7)}`;
    const procedure = PROCEDURES[index % PROCEDURES.length] ?? '';
    const outcome = OUTCOMES[index % OUTCOMES.length] ?? 'pass';
    const detail =
      outcome === 'pass' ? '' : `expected <script>alert(${index})</script>; came ${'0f'.repeat(200)}\n\0\u0007`;
    return resultOf({
      ...{ id: `${group}/${procedure}/case-number-${index}-of-them`, group, procedure, outcome, detail },
      ...{ class: CLASSES[index % CLASSES.length] ?? 'MUST', title: `"${index}" & <its title>, in a few words` },
    });
  });
  return {
    ...{ target: 'nas.example:/a & <b>', version: '1.2.3', startedAt: new Date('2026-01-02T03:04:05Z') },
    ...{ milliseconds: 61_234, results },
  };
}
