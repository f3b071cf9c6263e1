import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fsids } from '../../src/state/fsids.ts';
import { MemorySettings } from '../../src/state/settings.ts';
import { Verifier } from '../../src/state/verifier.ts';

test('fsidFor: a draw of zero, of one that is taken or of 64 bits is not used as it is', () => {
  const settings = new MemorySettings();
  const draws = [0n, 7n, 7n, 2n ** 63n, 2n ** 63n + 7n, 2n ** 63n + 9n];
  const fsids = new Fsids(settings, () => draws.shift() ?? 1n);
  assert.equal(fsids.fsidFor('a'), 7n);
  assert.equal(fsids.fsidFor('b'), 9n);
  const drawsAfterRestart = [9n, 11n];
  const again = new Fsids(settings, () => drawsAfterRestart.shift() ?? 1n);
  assert.equal(again.fsidFor('b'), 9n);
  assert.equal(again.fsidFor('c'), 11n);
});

test('verifier: a crash between the two writes of a new boot makes one more verifier, not one too few', () => {
  const settings = new MemorySettings();
  const secret = Buffer.alloc(32, 1);
  const first = new Verifier(settings, secret, 'one').current;
  const crash = new Error('crash');
  const crashing = {
    get: (name: string) => settings.get(name),
    entries: (prefix: string) => settings.entries(prefix),
    set: (name: string, value: Buffer) => {
      if (name === 'boot') throw crash;
      settings.set(name, value);
    },
  };
  assert.throws(() => new Verifier(crashing, secret, 'two'), crash);
  const second = new Verifier(settings, secret, 'two').current;
  assert.notDeepEqual(second, first);
  assert.deepEqual(new Verifier(settings, secret, 'two').current, second);
});

test('verifier: two stores with other secrets have other verifiers', () => {
  const verifiers = [1, 2].map((byte) => new Verifier(new MemorySettings(), Buffer.alloc(32, byte), 'one').current);
  assert.notDeepEqual(verifiers[0], verifiers[1]);
});
