import { writeFileSync } from 'node:fs';
import { htmlReport } from './html.ts';
import { jsonReport } from './json.ts';
import { junitReport } from './junit.ts';
import type { Report } from './summary.ts';

/** Files to write; `true` is standard output. */
export interface ReportFiles {
  readonly json?: string | true | undefined;
  readonly junit?: string | undefined;
  readonly html?: string | undefined;
}

export function writeReports(report: Report, { json, junit, html }: ReportFiles): void {
  if (json === true) process.stdout.write(jsonReport(report));
  else if (json !== undefined) writeFileSync(json, jsonReport(report));
  if (junit !== undefined) writeFileSync(junit, junitReport(report));
  if (html !== undefined) writeFileSync(html, htmlReport(report));
}
