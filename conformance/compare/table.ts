import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Explained, Verdict } from './differences.ts';

export const DOCUMENT = fileURLToPath(new URL('../../docs/conformance.md', import.meta.url));
const BEGIN = '<!-- differences: made by npm run conformance:compare -- --write-docs -->';
const END = '<!-- end of differences -->';

/** The verdicts as a table in Markdown. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ cases, theirs, ours = 'pass', does, right }) => {
    const ends = ours === 'pass' ? (theirs === 'fail' ? '' : ` (${theirs})`) : ` (steadfs: ${ours})`;
    return `| ${cases.map((id) => `\`${id}\``).join(', ')}${ends} | ${does} | ${right} |\n`;
  });
  return `| Case | What nfs-ganesha does | Who is right |\n|---|---|---|\n${rows.join('')}`;
}

/** What the comparison found, case by case, as a page in Markdown. */
export function differenceTable({ explained, unexplained }: Explained): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const row = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |\n`;
  const rows = [
    ...unexplained.map(({ id, ours, theirs, detail }) =>
      row([`\`${id}\``, ours, theirs, detail, '**Nobody has said yet**']),
    ),
    ...explained.map(({ difference: { id, ours, theirs, detail }, verdict }) =>
      row([`\`${id}\``, ours, theirs, detail, verdict.right]),
    ),
  ];
  return `| Case | steadfs | nfs-ganesha | What came | Who is right |\n|---|---|---|---|---|\n${rows.join('')}`;
}

/** The document with the table of verdicts that belongs there. */
export function withVerdicts(document: string, verdicts: readonly Verdict[]): string {
  const [before, after] = [document.split(BEGIN)[0], document.split(END)[1]];
  if (before === undefined || after === undefined) throw new Error(`no place for the table in ${DOCUMENT}`);
  return `${before}${BEGIN}\n${verdictTable(verdicts)}${END}${after}`;
}

export function writeVerdicts(verdicts: readonly Verdict[]): void {
  writeFileSync(DOCUMENT, withVerdicts(readFileSync(DOCUMENT, 'utf8'), verdicts));
}
