import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { configuredFence } from '../../../src/ha/node/fence.ts';

test('a node is put down once for all packages that wait for it, and again when it is needed again', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'steadfs-fence-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const runs = join(folder, 'runs');
  const command = ['sh', '-c', `echo "$STEADFS_NODE" >> ${runs}; sleep 0.2; test ! -e ${folder}/broken`];
  const fence = configuredFence(['a', 'b', 'c'].map((name) => ({ name, interfaces: ['eth0'], fence: command })));
  await Promise.all([fence.run('a'), fence.run('a'), fence.run('b')]);
  assert.deepEqual(readFileSync(runs, 'utf8').trim().split('\n').sort(), ['a', 'b']);
  await fence.run('a');
  assert.deepEqual(readFileSync(runs, 'utf8').trim().split('\n').sort(), ['a', 'a', 'b']);
});

test('a fence command that fails, or is not there, rejects for all, and is run anew the next time', async () => {
  const nodes = [
    { name: 'a', interfaces: ['eth0'], fence: ['sh', '-c', 'echo no power >&2; exit 1'] },
    { name: 'b', interfaces: ['eth0'], fence: undefined },
  ];
  const fence = configuredFence(nodes);
  for (let times = 0; times < 2; times++) {
    const both = await Promise.allSettled([fence.run('a'), fence.run('a')]);
    for (const result of both) assert.match(String(result.status === 'rejected' && result.reason), /no power/);
  }
  await assert.rejects(fence.run('b'), /no fence command is configured for b/);
});
