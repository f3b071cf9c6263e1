// Writes the table of planted faults into docs/conformance.md: node --import tsx test/conformance/faults/table.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FAULTS } from './index.ts';

export const DOCUMENT = fileURLToPath(new URL('../../../docs/conformance.md', import.meta.url));
const BEGIN = '<!-- faults: made by test/conformance/faults/table.ts -->';
const END = '<!-- end of faults -->';

/** The document with the table that belongs there. */
export function withTable(document: string): string {
  const [before, after] = [document.split(BEGIN)[0], document.split(END)[1]];
  if (before === undefined || after === undefined) throw new Error(`no place for the table in ${DOCUMENT}`);
  const rows = FAULTS.map(({ name, breaks, caughtBy }) => {
    const cases = caughtBy.map((id) => `\`${id}\``).join(', ');
    return `| \`${name}\` | ${breaks} | ${cases} |`;
  });
  return `${before}${BEGIN}\n| Fault | What is wrong | Caught by |\n|---|---|---|\n${rows.join('\n')}\n${END}${after}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(DOCUMENT, withTable(readFileSync(DOCUMENT, 'utf8')));
