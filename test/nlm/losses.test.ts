import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientKey } from '../../src/locks/records.ts';
import {
  LCK_BLOCKED,
  LCK_DENIED,
  LCK_DENIED_GRACE_PERIOD,
  LCK_DENIED_NOLOCKS,
  LCK_GRANTED,
} from '../../src/nlm/types.ts';
import { callRow } from '../rpc/row.ts';
import { type Ask, answered, ask, COOKIE, callerIn, ONE, subjectOf } from './asking.ts';
import { until } from './fakes.ts';

test('limits: LCK_DENIED_NOLOCKS to who may not wait besides, and LCK_BLOCKED still to who does already', async (t) => {
  const subject = subjectOf(t);
  subject.limits = { waiters: 1 };
  subject.restart();
  await ask(subject, 'NLM_LOCK');
  for (let i = 0; i < 2; i++) {
    assert.deepEqual(await ask(subject, 'NLM_LOCK', { svid: 2, block: true }), answered(LCK_BLOCKED));
  }
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { svid: 3, block: true }), answered(LCK_DENIED_NOLOCKS));
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { svid: 3 }), answered(LCK_DENIED));
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { who: 'two', block: true }), answered(LCK_BLOCKED));
});

test('limits: shares count as locks do', async (t) => {
  const subject = subjectOf(t);
  subject.limits = { total: 2 };
  subject.restart();
  const share = async (who: string, name = 'NLM_SHARE') => {
    const place = { caller_name: Buffer.from(who), fh: Buffer.from('open'), oh: Buffer.alloc(0) };
    const args = { cookie: COOKIE, share: { ...place, mode: 0, access: 1 }, reclaim: false };
    return ((await callRow(subject.programs, 4, name, args)) as { stat: number }).stat;
  };
  assert.equal(await share('one'), LCK_GRANTED);
  assert.equal(await share('two'), LCK_GRANTED);
  assert.equal(await share('three'), LCK_DENIED_NOLOCKS);
  assert.deepEqual(await ask(subject, 'NLM_LOCK'), answered(LCK_DENIED_NOLOCKS));
  assert.equal(await share('two', 'NLM_UNSHARE'), LCK_GRANTED);
  assert.equal(await share('three'), LCK_GRANTED);
});

test('NLM_FREE_ALL: frees what its sender holds, and nothing of another address', async (t) => {
  const subject = subjectOf(t);
  await ask(subject, 'NLM_LOCK');
  const free = (address: string) =>
    callRow(subject.programs, 4, 'NLM_FREE_ALL', { name: Buffer.from('one'), state: 5 }, { address });
  await free('192.0.2.66');
  assert.equal(subject.manager.locks().length, 1);
  await free('192.0.2.9');
  assert.equal(subject.manager.locks().length, 0);
});

test('grace period: reclaims alone are granted; afterwards they are denied', async (t) => {
  const subject = subjectOf(t);
  subject.grace.open([clientKey(ONE)], 60_000);
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { who: 'two' }), answered(LCK_DENIED_GRACE_PERIOD));
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { reclaim: true }), answered(LCK_GRANTED));
  subject.clock = 60_000;
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { who: 'two' }), answered(LCK_DENIED));
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { who: 'two', reclaim: true, file: 'closed' }), answered(LCK_DENIED));
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { reclaim: true }), answered(LCK_GRANTED), 'what one has anyway');
});

test('grace period: NLM_TEST says that a lock is taken, but not that it is free: its holder may not have come yet', async (t) => {
  const subject = subjectOf(t);
  subject.grace.open([clientKey(ONE)], 60_000);
  const stat = async (options: Ask) =>
    ((await ask(subject, 'NLM_TEST', options)) as { stat: { stat: number } }).stat.stat;
  assert.equal(await stat({ who: 'two' }), LCK_DENIED_GRACE_PERIOD);
  await ask(subject, 'NLM_LOCK', { reclaim: true });
  assert.equal(await stat({ who: 'two' }), LCK_DENIED);
  subject.clock = 60_000;
  await ask(subject, 'NLM_UNLOCK');
  assert.equal(await stat({ who: 'two' }), LCK_GRANTED);
});

test('grace period: ends early once every client that was told asks for a new lock', async (t) => {
  const subject = subjectOf(t);
  subject.grace.open([clientKey(ONE)], 60_000);
  await ask(subject, 'NLM_LOCK');
  assert.equal(subject.grace.isOpen, true);
  subject.grace.told(clientKey(ONE));
  subject.clock = 3000;
  await ask(subject, 'NLM_LOCK');
  assert.equal(subject.grace.isOpen, false);
});

test('restart: locks are there, waiters wait on, and a grant that was not told is told', async (t) => {
  const subject = subjectOf(t);
  subject.clients.answer = () => new Promise(() => {});
  await ask(subject, 'NLM_LOCK', { length: 10n });
  await ask(subject, 'NLM_LOCK', { who: 'two', block: true, length: 10n });
  await ask(subject, 'NLM_LOCK', { who: 'three', block: true, length: 10n });
  await ask(subject, 'NLM_UNLOCK', { length: 10n });
  await until(() => subject.clients.told.length === 1);
  await subject.manager.close();

  subject.restart();
  subject.clients.answer = () => ({ stat: LCK_GRANTED });
  await subject.manager.load();
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { length: 1n }), answered(LCK_DENIED));
  await until(() => subject.clients.told.length === 2);
  await ask(subject, 'NLM_UNLOCK', { who: 'two' });
  await until(() => subject.clients.told.length === 3);
  const names = subject.clients.told.map(({ args }) => callerIn(args));
  assert.deepEqual(names, ['two', 'two', 'three']);
  await until(() => subject.store.load().length === 1);
});

test('restart: a client that was told before and waits no more (LCK_DENIED) has its lock, and keeps it', async (t) => {
  const subject = subjectOf(t);
  subject.clients.answer = () => new Promise(() => {});
  await ask(subject, 'NLM_LOCK');
  await ask(subject, 'NLM_LOCK', { who: 'two', block: true });
  await ask(subject, 'NLM_UNLOCK');
  await until(() => subject.clients.told.length === 1);
  await subject.manager.close();

  subject.restart();
  subject.clients.answer = () => ({ stat: LCK_DENIED });
  await subject.manager.load();
  await until(() => subject.clients.told.length === 2);
  await until(() => subject.store.load().length === 1);
  assert.deepEqual(await ask(subject, 'NLM_LOCK'), answered(LCK_DENIED));
});

test('a store that cannot be written: LCK_DENIED_NOLOCKS, and nothing is locked', async (t) => {
  const subject = subjectOf(t);
  t.mock.method(subject.store, 'write', async () => {
    throw new Error('no space left');
  });
  assert.deepEqual(await ask(subject, 'NLM_LOCK'), answered(LCK_DENIED_NOLOCKS));
  t.mock.restoreAll();
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { who: 'two' }), answered(LCK_GRANTED));
});

test('a client that cannot be written down as one to watch: LCK_DENIED_NOLOCKS', async (t) => {
  const subject = subjectOf(t);
  subject.watching = Promise.reject(new Error('no space left'));
  assert.deepEqual(await ask(subject, 'NLM_LOCK'), answered(LCK_DENIED_NOLOCKS));
  assert.deepEqual(subject.manager.locks(), []);
});

test('a client that has rebooted: what it locked before is free, what it locked since is not', async (t) => {
  const subject = subjectOf(t);
  await ask(subject, 'NLM_LOCK', { length: 10n, state: 3 });
  await ask(subject, 'NLM_LOCK', { start: 100n, length: 10n, state: 5 });
  const freed = await subject.manager.freeClient({ name: 'one', address: '192.0.2.9' }, 5);
  assert.deepEqual(freed, { locks: 1, waiters: 0 });
  assert.deepEqual(
    subject.manager.locks().map(({ start }) => start),
    [100n],
  );
});
