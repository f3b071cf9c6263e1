import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Cluster } from '../../../conformance/lab/cluster.ts';
import { type Lab, withLab } from '../../../conformance/lab/lab.ts';

const CALLER = fileURLToPath(new URL('caller.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PATIENCE_MS = 60_000;
const ANSWERS = 5;

function missing(): string | false {
  if (process.getuid?.() !== 0) return 'needs root';
  const { status } = spawnSync('unshare', ['--mount', '--net', '--pid', '--fork', 'true']);
  if (status !== 0) return 'needs the right to make namespaces';
  return spawnSync('ip', ['-V']).status === 0 ? false : 'needs ip (iproute2)';
}

/** A client in the lab, outside of the nodes. */
class Caller {
  private said = '';

  constructor(lab: Lab, host: string, path: string) {
    const args = ['--import', 'tsx', CALLER, host, path];
    const child = lab.namespace.spawn(process.execPath, args, ['ignore', 'pipe', 'inherit'], { cwd: ROOT });
    child.stdout?.on('data', (chunk: Buffer) => {
      this.said += chunk.toString();
    });
  }

  /** Waits for answers that come from now on. */
  async isAnswered(cluster: Cluster): Promise<void> {
    const deadline = Date.now() + PATIENCE_MS;
    const before = this.answers.length;
    while (this.answers.length < before + ANSWERS) {
      if (Date.now() > deadline) throw new Error(`no answers:\n${cluster.logs()}`);
      await sleep(50);
    }
  }

  get answers(): string[] {
    return this.said.split('\n').slice(0, -1);
  }
}

test('two nodes: moved, crashed, hung and killed, the package is served again under the same handles', {
  skip: missing(),
  timeout: 300_000,
}, async () => {
  await withLab(async (lab) => {
    const cluster = await Cluster.create(lab);
    await cluster.start();
    const [data] = cluster.packages;
    assert.ok(data);
    const caller = new Caller(lab, data.address, data.folder);
    await caller.isAnswered(cluster);

    const first = await cluster.activeNode('data');
    const moved = await first.steadfs(['cluster', 'move', 'data']);
    assert.equal(moved.code, 0, moved.stderr);
    const second = await cluster.activeNode('data');
    assert.notEqual(second.name, first.name);
    await caller.isAnswered(cluster);

    const crashed = await second.signalServer('data', 'KILL');
    await untilOther(cluster, second.name, crashed);
    await caller.isAnswered(cluster);

    const hung = await second.signalServer('data', 'STOP');
    await untilOther(cluster, second.name, hung);
    await caller.isAnswered(cluster);

    await second.die();
    assert.equal((await cluster.activeNode('data', [first.name])).name, first.name);
    await caller.isAnswered(cluster);
    assert.equal((await first.inside('ip', ['-brief', 'address'])).stdout.includes(data.address), true);

    await first.stop();
    const left = await lab.run('ip', ['netns', 'pids', first.name]);
    assert.equal(left.stdout.trim(), '', 'no process is left behind');
    assert.equal((await first.inside('ip', ['-brief', 'address'])).stdout.includes(data.address), false);
    assert.deepEqual([...new Set(caller.answers)], ['status 0']);
  });
});

/** Waits until another process than this one serves on a node. */
async function untilOther(cluster: Cluster, name: string, pid: number): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const now = await cluster
      .node(name)
      .serverPid('data')
      .catch(() => pid);
    if (now !== pid) return;
    if (Date.now() > deadline) throw new Error(`no other process than ${pid} serves:\n${cluster.logs()}`);
    await sleep(100);
  }
}
