import { CLASSES, conforms, count, type Report } from './summary.ts';

/** The report for programs. `format` changes when the meaning of a field does. */
export function jsonReport({ results, ...report }: Report): string {
  const classes = CLASSES.map((of) => [of, count(results.filter((result) => result.class === of))]);
  const whole = {
    ...{ format: 1, ...report, startedAt: report.startedAt.toISOString() },
    ...{ conforms: conforms(results), total: results.length, counts: count(results) },
    ...{ classes: Object.fromEntries(classes), results },
  };
  return `${JSON.stringify(whole, undefined, 2)}\n`;
}
