// node:test's spec reporter, with the summary after the failing tests: whoever reads the last lines sees the counts.
import { Readable } from 'node:stream';
import { spec } from 'node:test/reporters';

const COUNT = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /;

export default async function* report(events) {
  const summary = [];
  yield* Readable.from(withoutSummary(events, summary)).pipe(new spec());
  yield `\n${summary.map((line) => `ℹ ${line}\n`).join('')}`;
}

async function* withoutSummary(events, summary) {
  for await (const event of events) {
    if (event.type === 'test:diagnostic' && event.data.nesting === 0 && COUNT.test(event.data.message))
      summary.push(event.data.message);
    else yield event;
  }
}
