import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge, type Observation } from '../../../src/ha/health/verdict.ts';
import type { ProbeAnswer } from '../../../src/ha/node/ports.ts';

const OK: ProbeAnswer = { kind: 'answer', status: 0, milliseconds: 2 };
const SILENCE: ProbeAnswer = { kind: 'silence', milliseconds: 1000 };
const BROKEN: ProbeAnswer = { kind: 'broken', reason: 'ECONNREFUSED' };
const status = (code: number): ProbeAnswer => ({ kind: 'answer', status: code, milliseconds: 2 });
const root = (attributes: ProbeAnswer, free: bigint | undefined = 1n << 40n) => ({ path: '/srv', attributes, free });

function judged(changes: Partial<Observation> & Partial<Observation['answers']>): string {
  const { ping = OK, roots = [root(OK)], lock = OK, ...rest } = changes;
  const { state, sentence } = judge({
    answers: { ping, roots, lock },
    ...{ unanswered: 0, lockUnanswered: 0, rootsUnanswered: new Map(), pulseAge: 100, isProgressing: false },
    ...rest,
  });
  return `${state}: ${sentence}`;
}

test('a server whose every answer comes is well, also if it does not know us', () => {
  assert.equal(judged({}), 'well: the server answers');
  assert.equal(judged({ roots: [root(status(13), undefined)], lock: status(9) }), 'well: the server answers');
  assert.equal(judged({ roots: [], lock: undefined }), 'well: the server answers');
});

test('an answer that took long is slow', () => {
  assert.equal(
    judged({ ping: { kind: 'answer', status: 0, milliseconds: 1500 } }),
    'slow: the server took 1.5 s to answer a probe',
  );
});

test('no answer to NULL: slow at first, then hung, with what its process says of itself', () => {
  assert.equal(judged({ ping: SILENCE, unanswered: 1000 }), 'slow: the server has not answered a NULL for 1.0 s');
  assert.equal(
    judged({ ping: SILENCE, unanswered: 5000, pulseAge: 5200 }),
    'hung: the server has not answered a NULL for 5.0 s, and has been stuck or stopped for 5.2 s',
  );
  assert.equal(
    judged({ ping: BROKEN, unanswered: 5000 }),
    'hung: the server has not answered a NULL for 5.0 s, and finishes no call',
  );
});

test('no answer to NULL, but calls finish: slow, for a minute', () => {
  assert.equal(
    judged({ ping: SILENCE, unanswered: 30_000, isProgressing: true }),
    'slow: the server has not answered a NULL for 30.0 s, but calls finish: it is overloaded',
  );
  assert.equal(
    judged({ ping: SILENCE, unanswered: 61_000, isProgressing: true }),
    'hung: the server has not answered a NULL for 61.0 s, though calls finish',
  );
});

test('storage that fails, or is gone, is dead at once', () => {
  assert.equal(judged({ roots: [root(status(5))] }), 'dead storage: the storage of /srv fails: I/O error');
  assert.equal(
    judged({ roots: [root(OK), root(status(6))] }),
    'dead storage: the storage of /srv fails: no such device',
  );
  assert.equal(judged({ roots: [root(status(70))] }), 'dead storage: the storage of /srv fails: the folder is gone');
});

test('storage that says nothing while NULL is answered is slow, and dead in the end', () => {
  const silentFor = (milliseconds: number) => ({ rootsUnanswered: new Map([['/srv', milliseconds]]) });
  assert.equal(
    judged({ roots: [root(SILENCE)], ...silentFor(2000) }),
    'slow: the server answers, but the storage of /srv has not for 2.0 s',
  );
  assert.equal(
    judged({ roots: [root(SILENCE)], ...silentFor(20_000) }),
    'dead storage: the server answers, but the storage of /srv has not for 20.0 s',
  );
  // NFS3ERR_JUKEBOX (RFC 1813 §2.6): it is waited for.
  assert.match(judged({ roots: [root(status(10_008))], ...silentFor(2000) }), /^slow: .*storage of \/srv/);
});

test('a lock manager that says nothing while NULL is answered: the process hangs, not its storage', () => {
  assert.match(judged({ lock: SILENCE, lockUnanswered: 1000 }), /^slow: .*lock manager/);
  assert.match(judged({ lock: SILENCE, lockUnanswered: 4000 }), /^hung: .*lock manager has not for 4.0 s/);
  assert.match(
    judged({ lock: SILENCE, lockUnanswered: 9000, roots: [root(SILENCE)], rootsUnanswered: new Map([['/srv', 9000]]) }),
    /^slow: .*storage/,
  );
});

test('full storage is told, and nothing more', () => {
  assert.equal(judged({ roots: [root(OK, 4096n)] }), 'full storage: the storage of /srv is full');
});
