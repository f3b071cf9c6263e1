// npm test: every test file, in a run of node:test; those that run clusters in a second one, one after another: leases last
// for three seconds, and clusters that take the processor from each other lose them.
// Files and folders may be named; options go to node, written --name=value.
//   npm test -- test/rpc --test-name-pattern=RENAME
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tsImport } from 'tsx/esm/api';

/** A guest takes a core while it boots, so more cores are of use only up to here. */
const MOST_FILES_AT_ONCE = 4;

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { missingParts } = await tsImport('../conformance/lab/missing.ts', import.meta.url);
for (const part of missingParts()) console.log(`The lab lacks ${part}: tests that need it are skipped.`);

const named = process.argv.slice(2).filter((argument) => existsSync(argument));
const options = process.argv.slice(2).filter((argument) => !named.includes(argument));
const files = (named.length > 0 ? named : ['test']).flatMap(testFiles);
const filesAtOnce = Math.max(2, Math.min(MOST_FILES_AT_ONCE, availableParallelism()));
const isAlone = (file) => /test\/(failover\/|ha\/node\/cluster)/.test(file);
await run(
  files.filter((file) => !isAlone(file)),
  filesAtOnce,
);
await run(files.filter(isAlone), 1);

/** Its summary ends the output. A run that fails does not keep the next one from being tried. */
async function run(files, atOnce) {
  if (files.length === 0) return;
  const node = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', '--test', `--test-concurrency=${atOnce}`],
      ...['--test-reporter=./scripts/reporter.mjs', '--test-reporter-destination=stdout', ...options, ...files],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  const [code] = await once(node, 'close');
  if (code !== 0) process.exitCode = code ?? 1;
}

function testFiles(path) {
  if (!statSync(path).isDirectory()) return [path];
  const found = readdirSync(path, { recursive: true }).filter((name) => name.endsWith('.test.ts'));
  return found.map((name) => join(path, name)).sort();
}
