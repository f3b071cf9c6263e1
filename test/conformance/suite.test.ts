import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { labMissing } from '../../conformance/lab/missing.ts';
import { Namespace } from '../../conformance/lab/namespace.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const STEADFS = `${process.execPath} --import tsx src/cli/main.ts`;
const RUN_MILLISECONDS = 15 * 60_000;

interface Finished {
  readonly conforms: boolean;
  readonly total: number;
  readonly results: readonly { id: string; class: string; outcome: string; detail: string }[];
}

const skip = labMissing() ?? false;

test('steadfs conforms: every case of the suite that applies passes, over a restart too', { skip }, async () => {
  const inside = await Namespace.create();
  try {
    const { folder } = inside;
    const [path, second] = [join(folder, 'export'), join(folder, 'second')];
    for (const each of [path, second]) {
      mkdirSync(each);
      chmodSync(each, 0o777);
    }
    writeFileSync(
      join(folder, 'exports'),
      `${path} *(rw,async,no_root_squash)\n${second} *(rw,async,no_root_squash)\n`,
    );
    const restart = join(folder, 'restart');
    writeFileSync(restart, restartScript(folder));
    await inside.exec('sh', [restart], { cwd: REPOSITORY });

    const report = join(folder, 'report.json');
    const suite = ['conformance', `127.0.0.1:${path}`, '--second-export', second, '--restart', `sh ${restart}`];
    const command = `exec ${STEADFS} ${suite.map((word) => `'${word}'`).join(' ')} --json ${report}`;
    const outcome = await inside.run('sh', ['-c', command], { cwd: REPOSITORY, timeoutMs: RUN_MILLISECONDS });
    const log = () => readFileSync(join(folder, 'log'), 'utf8').slice(-4000);
    assert.equal(outcome.code, 0, `${outcome.stdout}${outcome.stderr}\n${log()}`);

    const { conforms, results } = JSON.parse(readFileSync(report, 'utf8')) as Finished;
    const notPassed = results.filter(({ outcome }) => outcome === 'fail' || outcome === 'error');
    assert.deepEqual(notPassed, []);
    assert.equal(conforms, true);
    assert.deepEqual([...readdirSync(path), ...readdirSync(second)], [], 'the exports are as they were');
  } finally {
    await inside.dispose();
  }
});

/** Ends the server if it runs, starts it, and waits until it serves. */
function restartScript(folder: string): string {
  const serve = `serve --exports ${folder}/exports --state ${folder}/state --listen 127.0.0.1 --listen ::1 --portmap on`;
  return `set -e
cd ${REPOSITORY}
if [ -e ${folder}/pid ]; then
  kill "$(cat ${folder}/pid)"
  # A process that nobody waited for keeps its number, but has no program any more.
  while readlink "/proc/$(cat ${folder}/pid)/exe" >/dev/null; do sleep 0.05; done
fi
${STEADFS} ${serve} >${folder}/ready 2>${folder}/log </dev/null &
echo $! >${folder}/pid
until [ -s ${folder}/ready ]; do
  readlink "/proc/$(cat ${folder}/pid)/exe" >/dev/null
  sleep 0.05
done
`;
}
