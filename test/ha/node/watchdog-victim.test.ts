import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isAlive, signal, startTimeOf } from '../../../src/ha/node/watchdog-victim.ts';
import { until } from '../network/hosts.ts';

const NO_SUCH_PID = 2 ** 30;

test('a start time is told also where the name of the program has blanks and parentheses', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'steadfs-victim-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'a) R 1 2 (b');
  copyFileSync('/bin/sleep', program);
  const child = spawn(program, ['1000']);
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  const [own, its] = [startTimeOf(process.pid), startTimeOf(child.pid!)];
  assert.match(`${own}`, /^[1-9]\d*$/);
  assert.ok(Number(its) >= Number(own));
});

test('a process is alive under its own start time alone, until it is killed', async (t) => {
  const child = spawn('sleep', ['1000']);
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  const victim = { pid: child.pid!, startTime: startTimeOf(child.pid!)! };
  const other = { ...victim, startTime: `${Number(victim.startTime) + 1}` };
  assert.ok(isAlive(victim));
  assert.ok(!isAlive(other));
  signal(other, 'SIGKILL');
  assert.ok(isAlive(victim));
  signal(victim, 'SIGSTOP');
  signal(victim, 'SIGKILL');
  await until('it is dead', () => !isAlive(victim));
  signal(victim, 'SIGKILL');
});

test('there is no start time where there is no process, or a dead one that nobody has noticed', async (t) => {
  assert.equal(startTimeOf(NO_SUCH_PID), undefined);
  // The shell becomes `sleep`, which never asks how its child ended.
  const shell = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 1000']);
  t.after(() => shell.kill('SIGKILL'));
  const [line] = await once(shell.stdout, 'data');
  await until('the dead one counts as dead', () => startTimeOf(Number(`${line}`)) === undefined);
});

test('code can be locked in memory, and the heap goes on working', {
  skip: process.getuid?.() === 0 ? false : 'needs root, for CAP_IPC_LOCK',
}, async () => {
  // In a process of its own: the lock is for its life.
  const script = `
    const { lockCode } = await import(${JSON.stringify(new URL('../../../src/ha/node/watchdog-memory.ts', import.meta.url))});
    if (lockCode() < 1 << 20) throw new Error('next to nothing was locked');
    for (let round = 0; round < 20; round++) {
      Array.from({ length: 1e5 }, () => ({})).length;
      new RegExp('a'.repeat(round + 1) + '|b').test('ab');
      globalThis.gc();
    }`;
  const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  assert.equal(code, 0);
});
