import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LCK_BLOCKED, LCK_DENIED, LCK_GRANTED } from '../../src/nlm/types.ts';
import { answered, ask, COOKIE, callerIn, subjectOf } from './asking.ts';
import { until } from './fakes.ts';

for (const version of [1, 3, 4]) {
  test(`NLM ${version}: a lock that is waited for is granted by NLM_GRANTED, from the address the client knows`, async (t) => {
    const subject = subjectOf(t);
    await ask(subject, 'NLM_LOCK', { version });
    assert.deepEqual(
      await ask(subject, 'NLM_LOCK', { version, who: 'two', block: true, length: 7n }),
      answered(LCK_BLOCKED),
    );
    assert.deepEqual(
      await ask(subject, 'NLM_LOCK', { version, who: 'two', block: true, length: 7n }),
      answered(LCK_BLOCKED),
    );
    assert.deepEqual(await ask(subject, 'NLM_UNLOCK', { version }), answered(LCK_GRANTED));
    await until(() => subject.clients.told.length > 0);
    const [told] = subject.clients.told;
    assert.deepEqual([told?.procedure, told?.target.localAddress, told?.target.version], [5, '192.0.2.1', version]);
    assert.deepEqual(told?.args, {
      cookie: COOKIE,
      exclusive: true,
      alock: {
        ...{ caller_name: Buffer.from('two'), fh: Buffer.from('open'), oh: Buffer.from('1@two'), svid: 1 },
        ...{ l_offset: 0n, l_len: 7n },
      },
    });
    assert.deepEqual(await ask(subject, 'NLM_LOCK', { version }), answered(LCK_DENIED));
    assert.equal(subject.clients.told.length, 1, 'queued once');
  });
}

test('NLM_GRANTED: a client that does not want its lock any more (LCK_DENIED) leaves it to the next', async (t) => {
  const subject = subjectOf(t);
  subject.clients.answer = ({ args }) => ({
    stat: callerIn(args) === 'two' ? LCK_DENIED : LCK_GRANTED,
  });
  await ask(subject, 'NLM_LOCK');
  await ask(subject, 'NLM_LOCK', { who: 'two', block: true });
  await ask(subject, 'NLM_LOCK', { who: 'three', block: true });
  await ask(subject, 'NLM_UNLOCK');
  await until(() => subject.clients.told.length === 2);
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { who: 'three' }), answered(LCK_GRANTED));
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { who: 'two' }), answered(LCK_DENIED));
});

test('NLM_GRANTED: who could not be called at first and does not want its lock any more leaves it, too', async (t) => {
  const subject = subjectOf(t);
  const connect = t.mock.method(subject.clients, 'connect');
  connect.mock.mockImplementationOnce(() => Promise.reject(new Error('no route')), 1);
  subject.clients.answer = () => ({ stat: LCK_DENIED });
  await ask(subject, 'NLM_LOCK');
  await ask(subject, 'NLM_LOCK', { who: 'two', block: true });
  await ask(subject, 'NLM_UNLOCK');
  await until(() => subject.store.load().length === 0);
  assert.equal(connect.mock.callCount(), 3);
  assert.deepEqual(await ask(subject, 'NLM_LOCK'), answered(LCK_GRANTED));
});

test('NLM_GRANTED: the LCK_DENIED to a datagram that was sent again takes nothing away: the first may have been heard', async (t) => {
  const subject = subjectOf(t);
  subject.clients.copies = 2;
  subject.clients.answer = () => ({ stat: LCK_DENIED });
  await ask(subject, 'NLM_LOCK');
  await ask(subject, 'NLM_LOCK', { who: 'two', block: true });
  await ask(subject, 'NLM_UNLOCK');
  await until(() => subject.store.load().length === 1);
  assert.deepEqual(await ask(subject, 'NLM_LOCK'), answered(LCK_DENIED));
});

test('NLM_GRANTED: a lost callback is sent again, and one who cannot be reached for long loses the grant', async (t) => {
  const subject = subjectOf(t, { answer: 1000, retry: 2, giveUp: 30 });
  subject.clients.answer = ({ args }) => {
    if (callerIn(args) === 'two') throw new Error('no reply');
    return { stat: LCK_GRANTED };
  };
  await ask(subject, 'NLM_LOCK');
  await ask(subject, 'NLM_LOCK', { who: 'two', block: true });
  await ask(subject, 'NLM_LOCK', { who: 'three', block: true });
  await ask(subject, 'NLM_UNLOCK');
  await until(() => subject.clients.told.some(({ args }) => callerIn(args) === 'three'));
  assert.ok(subject.clients.forgotten >= 2, 'the port was looked up again');
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { who: 'two' }), answered(LCK_DENIED));
});

test('NLM_LOCK: sent again after a lost callback it is LCK_GRANTED, and a late LCK_DENIED takes nothing away', async (t) => {
  const subject = subjectOf(t);
  let refuse: (value: unknown) => void = () => {};
  subject.clients.answer = () => new Promise((resolve) => (refuse = resolve));
  await ask(subject, 'NLM_LOCK');
  await ask(subject, 'NLM_LOCK', { who: 'two', block: true });
  await ask(subject, 'NLM_UNLOCK');
  await until(() => subject.clients.told.length === 1);
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { who: 'two', block: true }), answered(LCK_GRANTED));
  refuse({ stat: LCK_DENIED });
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(await ask(subject, 'NLM_LOCK'), answered(LCK_DENIED));
});

test('NLM_UNLOCK: is not answered while the client may still hear that it has the lock', async (t) => {
  const subject = subjectOf(t);
  let answer: (value: unknown) => void = () => {};
  subject.clients.answer = () => new Promise((resolve) => (answer = resolve));
  await ask(subject, 'NLM_LOCK');
  await ask(subject, 'NLM_LOCK', { who: 'two', block: true });
  await ask(subject, 'NLM_UNLOCK');
  await until(() => subject.clients.told.length === 1);
  let isAnswered = false;
  const unlocked = ask(subject, 'NLM_UNLOCK', { who: 'two' }).then(() => (isAnswered = true));
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isAnswered, false);
  answer({ stat: LCK_GRANTED });
  await unlocked;
});

test('NLM_GRANTED: is not sent for a lock that was let go of while the client was looked for', async (t) => {
  const subject = subjectOf(t);
  let found: () => void = () => {};
  const search = new Promise<void>((resolve) => (found = resolve));
  const connect = subject.clients.connect.bind(subject.clients);
  subject.clients.connect = (target) => search.then(() => connect(target));
  await ask(subject, 'NLM_LOCK');
  await ask(subject, 'NLM_LOCK', { who: 'two', block: true });
  await ask(subject, 'NLM_UNLOCK');
  await ask(subject, 'NLM_UNLOCK', { who: 'two' });
  found();
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(subject.clients.told, []);
});

test('NLM_GRANTED: is sent although the owner has let go of other bytes while the client was looked for', async (t) => {
  const subject = subjectOf(t);
  let found: () => void = () => {};
  const search = new Promise<void>((resolve) => (found = resolve));
  const connect = subject.clients.connect.bind(subject.clients);
  subject.clients.connect = (target) => search.then(() => connect(target));
  await ask(subject, 'NLM_LOCK', { length: 10n });
  await ask(subject, 'NLM_LOCK', { start: 10n, length: 10n, who: 'two' });
  await ask(subject, 'NLM_LOCK', { start: 10n, length: 10n, block: true });
  await ask(subject, 'NLM_UNLOCK', { start: 10n, length: 10n, who: 'two' });
  await ask(subject, 'NLM_UNLOCK', { length: 10n });
  found();
  await until(() => subject.clients.told.length === 1);
  assert.equal(subject.manager.locks().length, 1);
});

test('NLM_CANCEL: ends the wait; of a grant that is not told yet, the lock; of nothing, LCK_DENIED', async (t) => {
  const subject = subjectOf(t);
  subject.clients.answer = () => new Promise((_, reject) => setTimeout(reject, 20, new Error('no reply')));
  await ask(subject, 'NLM_LOCK');
  await ask(subject, 'NLM_LOCK', { who: 'two', block: true });
  assert.deepEqual(await ask(subject, 'NLM_CANCEL', { who: 'two', block: true }), answered(LCK_GRANTED));
  assert.deepEqual(await ask(subject, 'NLM_CANCEL', { who: 'two', block: true }), answered(LCK_DENIED));
  await ask(subject, 'NLM_LOCK', { who: 'two', block: true });
  await ask(subject, 'NLM_UNLOCK');
  assert.deepEqual(await ask(subject, 'NLM_CANCEL', { who: 'two', block: true }), answered(LCK_GRANTED));
  assert.deepEqual(await ask(subject, 'NLM_LOCK'), answered(LCK_GRANTED));
});

test('NLM_CANCEL: of a grant that is not told yet it is answered once the end of the lock is on disk', async (t) => {
  const subject = subjectOf(t);
  subject.clients.answer = () => new Promise((_, reject) => setTimeout(reject, 20, new Error('no reply')));
  await ask(subject, 'NLM_LOCK');
  await ask(subject, 'NLM_LOCK', { who: 'two', block: true });
  await ask(subject, 'NLM_UNLOCK');
  const { store } = subject;
  const write = store.write.bind(store);
  t.mock.method(store, 'write', async (...args: Parameters<typeof write>) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    await write(...args);
  });
  assert.deepEqual(await ask(subject, 'NLM_CANCEL', { who: 'two', block: true }), answered(LCK_GRANTED));
  assert.deepEqual(store.load(), []);
});

test('NLM_UNLOCK: does not overtake the NLM_LOCK before it, whose client has given it up', async (t) => {
  const subject = subjectOf(t);
  let written: () => void = () => {};
  subject.watching = new Promise((resolve) => (written = resolve));
  const answers = Promise.all([ask(subject, 'NLM_LOCK'), ask(subject, 'NLM_UNLOCK')]);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  written();
  assert.deepEqual(await answers, [answered(LCK_GRANTED), answered(LCK_GRANTED)]);
  assert.deepEqual(subject.manager.locks(), []);
});
