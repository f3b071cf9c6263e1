import assert from 'node:assert/strict';
import { ChildProcess } from 'node:child_process';
import { mock, test } from 'node:test';
import { runCommand } from '../../src/ha/node/command.ts';

test('a command that not even SIGKILL ends, because it waits for a disk, is given up all the same', async (t) => {
  const kill = mock.method(ChildProcess.prototype, 'kill', () => false);
  t.after(() => kill.mock.restore());
  const began = performance.now();
  await assert.rejects(runCommand(['sleep', '5'], 100), /^CommandFailed: sleep 5: no end within 0\.1 s$/);
  assert.ok(performance.now() - began < 3000);
});
