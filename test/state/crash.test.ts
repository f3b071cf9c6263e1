import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openState } from '../../src/state/index.ts';
import { scratchDirectory } from './scratch.ts';

const CHILD = fileURLToPath(new URL('crash-child.ts', import.meta.url));

test('LMDB: after kill -9 every acknowledged place is there, every removed one is not, and the lock is free', {
  timeout: 60_000,
}, async (t) => {
  const directory = scratchDirectory();
  // Once in the first burst, once with a good deal settled, once on top of what the earlier ones left.
  for (const enough of [50, 3000, 500]) {
    const acknowledged = await killAfter(t, directory, enough);
    const store = await openState(directory, { bootId: 'one' });
    try {
      for (let id = 0; id <= acknowledged; id++) {
        const places = store.index.places(Buffer.from(`key ${id}`.padEnd(12)));
        const names = places.map((place) => place.name.toString());
        assert.deepEqual(names, (id + 1) % 3 === 0 ? [] : [String(id)], `place ${id} of ${acknowledged}`);
      }
    } finally {
      await store.close();
    }
  }
});

/** Runs the child until it has acknowledged `enough` places, kills it, and returns the last number it printed whole. */
async function killAfter(t: TestContext, directory: string, enough: number): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', CHILD, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal: t.signal,
    killSignal: 'SIGKILL',
  });
  const ended = once(child, 'close');
  let output = '';
  child.stdout.setEncoding('latin1');
  child.stdout.on('data', (text: string) => {
    output += text;
    if (output.includes(`\n${enough}\n`)) child.kill('SIGKILL');
  });
  const [, signal] = await ended;
  assert.equal(signal, 'SIGKILL');
  const lines = output.split('\n');
  return Number(lines.at(-2));
}
