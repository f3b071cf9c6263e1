import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LCK_BLOCKED } from '../../src/nlm/types.ts';
import { Subject, until } from '../nlm/fakes.ts';
import { callRow } from '../rpc/row.ts';

test('a lock that a program of the host stands in the way of: tried now and then, while the server goes on', {
  timeout: 20_000,
}, async (t) => {
  const subject = new Subject();
  t.after(() => subject.manager.close());
  let tries = 0;
  let isFree = false;
  const take = () => {
    // One who asks without end never lets the clock go on.
    assert.ok(++tries < 1000);
    return isFree;
  };
  const openLocks = () => ({ take, release: () => {}, test: () => undefined, close: () => {} });
  Object.assign(subject.fileSystem, { openLocks });
  const alock = { caller_name: Buffer.from('one'), fh: Buffer.from('open'), oh: Buffer.from('1'), svid: 1 };
  const whole = { l_offset: 0n, l_len: 0n };
  const args = { cookie: Buffer.alloc(4), exclusive: true, block: true, reclaim: false, state: 3 };
  const answer = await callRow(subject.programs, 4, 'NLM_LOCK', { ...args, alock: { ...alock, ...whole } });
  assert.deepEqual(answer, { cookie: args.cookie, stat: LCK_BLOCKED });
  await until(() => tries > 2);
  assert.deepEqual(subject.manager.locks(), []);
  isFree = true;
  await until(() => subject.clients.told.length > 0);
  assert.equal(subject.manager.locks().length, 1);
});
