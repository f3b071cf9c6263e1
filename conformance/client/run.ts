// npm run conformance:client -- [steadfs|ganesha] [--only PATTERN]... [--list] [-v] [--json FILE] [--junit FILE] [--html FILE]
// Judges a server of the lab by what two Linux kernels (User-Mode Linux) do with it.
import { parseArgs } from 'node:util';
import { labMissing, withLab } from '../lab/lab.ts';
import { SERVERS, type ServerName } from '../lab/target.ts';
import { matching } from '../protocol/cases.ts';
import { conforms, isBad, type Report } from '../report/summary.ts';
import { Terminal } from '../report/terminal.ts';
import { writeReports } from '../report/write.ts';
import { CLIENT_CASES } from './cases.ts';
import { clientsInLab } from './lab.ts';
import { runWorkloads } from './runner.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', multiple: true, default: [] },
    list: { type: 'boolean', default: false },
    verbose: { type: 'boolean', short: 'v', default: false },
    ...{ json: { type: 'string' }, junit: { type: 'string' }, html: { type: 'string' } },
  },
});
const [name = 'steadfs'] = positionals;
const isServer = (text: string): text is ServerName => text in SERVERS;
const cases = matching(flags.only, CLIENT_CASES);

function stop(why: string): never {
  console.error(why);
  process.exit(2);
}

if (!isServer(name)) stop(`${name}: one of ${Object.keys(SERVERS).join(', ')} is meant`);
if (cases.length === 0) stop(`no case is called ${flags.only.join(' or ')}`);
if (flags.list) {
  for (const { id, title, clause } of cases) console.log(`LINUX  ${id}  ${title} (${clause})`);
  process.exit();
}
const missing = name === 'ganesha' ? labMissing('ganesha.nfsd') : labMissing();
if (missing !== undefined) stop(missing);

const terminal = new Terminal(process.stdout, cases.length, flags);
const startedAt = new Date();
const begun = performance.now();
const results = await withLab(async (lab) =>
  runWorkloads(cases, await clientsInLab(lab, name), { onResult: (result) => terminal.result(result) }),
);
const milliseconds = Math.round(performance.now() - begun);
const report: Report = {
  target: `${name} in the lab`,
  version: 'of this repository',
  startedAt,
  milliseconds,
  results,
};
terminal.finish(report);
writeReports(report, flags);
process.exitCode = conforms(results) && !results.some(isBad) ? 0 : 1;
