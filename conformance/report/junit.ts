import type { Result } from '../protocol/runner.ts';
import { count, grouped, type Report } from './summary.ts';

/** The report in JUnit's XML, which CI systems read: a suite for each program, a class for each procedure. */
export function junitReport({ target, results, milliseconds, startedAt }: Report): string {
  const suites = [...grouped(results)].map(([group, procedures]) => {
    const all = [...procedures.values()].flat();
    const total = all.reduce((sum, result) => sum + result.milliseconds, 0);
    const head = { name: group, ...totals(all), time: seconds(total), timestamp: startedAt.toISOString() };
    return `  <testsuite${attributes(head)}>\n${all.map(testcase).join('')}  </testsuite>\n`;
  });
  const head = { name: `steadfs conformance ${target}`, ...totals(results), time: seconds(milliseconds) };
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites${attributes(head)}>\n${suites.join('')}</testsuites>\n`;
}

function totals(results: readonly Result[]) {
  const { fail, error, 'not applicable': skipped } = count(results);
  return { tests: results.length, failures: fail, errors: error, skipped };
}

function testcase(result: Result): string {
  const name = `${result.title} [${result.class}, ${result.clause}]`;
  const head = attributes({
    classname: `${result.group}.${result.procedure}`,
    name,
    time: seconds(result.milliseconds),
  });
  const [message = ''] = result.detail.split('\n');
  const body = {
    pass: '',
    fail: `<failure${attributes({ message })}>${escapeXml(result.detail)}</failure>`,
    error: `<error${attributes({ message })}>${escapeXml(result.detail)}</error>`,
    'not applicable': `<skipped${attributes({ message })}/>`,
  }[result.outcome];
  return body === '' ? `    <testcase${head}/>\n` : `    <testcase${head}>${body}</testcase>\n`;
}

function attributes(values: { readonly [name: string]: string | number }): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escapeXml(String(value))}"`)
    .join('');
}

const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(3);

const ENTITIES: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For XML and HTML. What XML 1.0 cannot hold at all becomes a question mark. */
export function escapeXml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that XML 1.0 §2.2 leaves out.
  const allowed = text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '?');
  return allowed.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
