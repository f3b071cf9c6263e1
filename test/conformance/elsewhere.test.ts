import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { labMissing } from '../../conformance/lab/missing.ts';
import { Namespace } from '../../conformance/lab/namespace.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const RUN_MILLISECONDS = 3 * 60_000;
/** An address of the namespace's own: to the server, calls from it come from no loopback address. */
const ADDRESS = '10.98.0.1';
const CASES = ['PORTMAPv2', 'RPCBINDv3', 'RPCBINDv4'].flatMap((group) =>
  ['SET', 'UNSET'].map((procedure) => `${group}/${procedure}/from-elsewhere`),
);

const skip = labMissing() ?? false;

test('the port mapper lets nobody register from another host (rpcbind(8): -i)', { skip }, async () => {
  const inside = await Namespace.create();
  try {
    const { folder } = inside;
    const [path, report] = [join(folder, 'export'), join(folder, 'report.json')];
    mkdirSync(path);
    chmodSync(path, 0o777);
    await inside.exec('ip', ['address', 'add', `${ADDRESS}/32`, 'dev', 'lo']);
    const steadfs = `${process.execPath} --import tsx src/cli/main.ts`;
    const serve = `serve ${path} --allow '*' --state ${folder}/state --listen ${ADDRESS} --portmap on`;
    const only = CASES.map((id) => `--only ${id}`).join(' ');
    const script = `
      ${steadfs} ${serve} >${folder}/ready 2>${folder}/log </dev/null &
      until [ -s ${folder}/ready ]; do kill -0 $! || exit 9; sleep 0.05; done
      ${steadfs} conformance ${ADDRESS}:${path} ${only} --json ${report}
      code=$?; kill $!; wait; exit $code`;
    const outcome = await inside.run('sh', ['-c', script], { cwd: REPOSITORY, timeoutMs: RUN_MILLISECONDS });
    assert.equal(outcome.code, 0, `${outcome.stdout}${outcome.stderr}\n${readFileSync(join(folder, 'log'), 'utf8')}`);
    const { results } = JSON.parse(readFileSync(report, 'utf8')) as { results: { id: string; outcome: string }[] };
    assert.deepEqual(
      Object.fromEntries(results.map(({ id, outcome }) => [id, outcome])),
      Object.fromEntries(CASES.map((id) => [id, 'pass'])),
    );
  } finally {
    await inside.dispose();
  }
});
