// npm run conformance:compare -- [--only PATTERN]... [--folder FOLDER] [--write-docs]
// Judges steadfs and nfs-ganesha, each in a lab of its own, and holds every difference against verdicts.ts.
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { labMissing } from '../lab/lab.ts';
import { differences, explain } from './differences.ts';
import { judge } from './judge.ts';
import { differenceTable, writeVerdicts } from './table.ts';
import { VERDICTS } from './verdicts.ts';

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    folder: { type: 'string', default: join(tmpdir(), 'steadfs-conformance') },
    'write-docs': { type: 'boolean', default: false },
  },
});
const { only, folder } = flags;

if (flags['write-docs']) {
  writeVerdicts(VERDICTS);
  process.exit();
}
const missing = labMissing('ganesha.nfsd');
if (missing !== undefined) {
  console.error(missing);
  process.exit(2);
}

mkdirSync(folder, { recursive: true });
const judged = async (name: 'steadfs' | 'ganesha') => {
  const { results, crashes } = await judge(name, { only, html: join(folder, `${name}.html`) });
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(results, undefined, 2));
  const failed = results.filter(({ outcome }) => outcome === 'fail' || outcome === 'error');
  const none = results.filter(({ outcome }) => outcome === 'not applicable');
  console.log(`${name}: ${results.length} cases, ${failed.length} failed, ${none.length} not applicable`);
  for (const crash of crashes) console.log(`${name} ${crash}`);
  return results;
};
const explained = explain(differences(await judged('steadfs'), await judged('ganesha')), VERDICTS);
const table = join(folder, 'differences.md');
writeFileSync(table, differenceTable(explained));

const counts = new Map(VERDICTS.map((verdict) => [verdict, 0]));
for (const { verdict } of explained.explained) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
for (const [{ cases, right }, count] of counts) if (count > 0) console.log(`${count} x ${cases.join(', ')}: ${right}`);
for (const { id, ours, theirs, detail } of explained.unexplained) {
  console.log(`not explained: ${id}: steadfs ${ours}, nfs-ganesha ${theirs}: ${detail.split('\n')[0]}`);
}
// A part of the cases says nothing of verdicts on others.
const outdated = only.length === 0 ? explained.outdated : [];
for (const { cases } of outdated) console.log(`no difference any more: ${cases.join(', ')}`);
console.log(`${explained.explained.length} differences explained, ${explained.unexplained.length} not: ${table}`);
process.exitCode = explained.unexplained.length + outdated.length > 0 ? 1 : 0;
