import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { labMissing, withLab } from '../../conformance/lab/lab.ts';

const skip = labMissing() ?? false;

test(
  'Lab: guests reach the server and one another over IPv4 and IPv6, and keep their writes to themselves',
  { skip },
  () =>
    withLab(async (lab) => {
      const [one, two] = await Promise.all([lab.startGuest(), lab.startGuest()]);
      await one.must(`ping -c 1 -W 5 10.99.0.1; ping -c 1 -W 5 ${two.ipv4}; ping -6 -c 1 -W 5 ${two.ipv6}`);

      const write = await one.run('touch /written-by-a-guest');
      assert.notEqual(write.code, 0, 'the root is read-only');
      assert.ok(!existsSync('/written-by-a-guest'));

      await one.must(`echo shared > ${one.folder}/file`);
      assert.equal(readFileSync(join(one.folder, 'file'), 'utf8'), 'shared\n');
    }),
);

test('Lab: a job brings its output, its errors and its exit code, and TAP as results', { skip }, () =>
  withLab(async (lab) => {
    const job = await lab.guest({ script: 'echo "ok 1 - mounted"; echo "not ok 2 - wrote"; echo trouble >&2; exit 3' });
    assert.equal(job.code, 3);
    assert.equal(job.stderr, 'trouble\n');
    assert.deepEqual(job.results, [
      { ok: true, name: 'mounted' },
      { ok: false, name: 'wrote' },
    ]);
  }),
);

test('Lab: a job that hangs or a kernel that panics fails with what was said until then', { skip }, () =>
  withLab(async (lab) => {
    const [hung, panicked] = await Promise.all([lab.startGuest(), lab.startGuest()]);
    await Promise.all([
      assert.rejects(hung.run('echo so far; sleep 600', { timeoutMs: 500 }), /took longer than 500 ms.*so far/s),
      assert.rejects(panicked.run('echo c > /proc/sysrq-trigger; sleep 600'), /guest has stopped.*panic/s),
    ]);
    await Promise.all([hung.stop(), panicked.stop()]);
  }),
);

test('Lab: a killed test process leaves neither processes nor folders', { skip }, () =>
  withLab(async (lab) => {
    const script = join(lab.folder, 'doomed.mts');
    const module = fileURLToPath(new URL('../../conformance/lab/lab.ts', import.meta.url));
    writeFileSync(
      script,
      `import { withLab } from ${JSON.stringify(module)};
       await withLab(async (lab) => {
         const guest = await lab.startGuest();
         console.log(lab.folder, guest.pid);
         await guest.run('sleep 600', { timeoutMs: 600_000 });
       });`,
    );
    const doomed = spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [folder, pid] = await firstLine(doomed);
    assert.ok(folder !== undefined && existsSync(folder));
    assert.ok(pid !== undefined && existsSync(`/proc/${pid}`));

    doomed.kill('SIGKILL');
    await once(doomed, 'exit');
    while (existsSync(folder) || existsSync(`/proc/${pid}`)) await sleep(20);
  }),
);

async function firstLine(child: ChildProcess): Promise<string[]> {
  const [line] = await once(child.stdout!, 'data');
  return String(line).trim().split(' ');
}
