import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { clientKey } from '../../src/locks/records.ts';
import {
  LCK_BLOCKED,
  LCK_DENIED,
  LCK_DENIED_GRACE_PERIOD,
  LCK_DENIED_NOLOCKS,
  LCK_GRANTED,
  NLM4_DEADLCK,
  NLM4_FAILED,
  NLM4_FBIG,
  NLM4_ROFS,
  NLM4_STALE_FH,
  narrowTypes,
  wideTypes,
} from '../../src/nlm/types.ts';
import { NO_REPLY } from '../../src/rpc/index.ts';
import { FsError } from '../../src/vfs/index.ts';
import fc from '../properties.ts';
import { callRow, overWire } from '../rpc/row.ts';
import { Subject, until } from './fakes.ts';

const ONE = { name: 'one', address: '192.0.2.9' };
const COOKIE = Buffer.from('cook');

interface Ask {
  readonly who?: string;
  readonly svid?: number;
  readonly file?: string;
  readonly start?: bigint;
  readonly length?: bigint;
  readonly exclusive?: boolean;
  readonly block?: boolean;
  readonly reclaim?: boolean;
  readonly state?: number;
  readonly version?: number;
  readonly address?: string;
}

function ask(subject: Subject, name: string, options: Ask = {}): Promise<unknown> {
  const { who = 'one', svid = 1, file = 'open', start = 0n, length = 0n, version = 4, address = '192.0.2.9' } = options;
  const { exclusive = true, block = false, reclaim = false, state = 3 } = options;
  const alock = {
    caller_name: Buffer.from(who),
    ...{ fh: Buffer.from(file), oh: Buffer.from(`${svid}@${who}`), svid, l_offset: start, l_len: length },
  };
  const args = { cookie: COOKIE, exclusive, block, reclaim, state, alock };
  return callRow(subject.programs, version, name, args, { address });
}

const callerIn = (args: unknown) => (args as { alock: { caller_name: Buffer } }).alock.caller_name.toString();
const answered = (stat: number) => ({ cookie: COOKIE, stat });

function subjectOf(t: TestContext, ...options: ConstructorParameters<typeof Subject>): Subject {
  const subject = new Subject(...options);
  t.after(() => subject.manager.close());
  return subject;
}

test('NLM types: every argument survives the wire, with 32 and with 64 bits', () => {
  const bytes = fc.uint8Array({ maxLength: 64 }).map((array) => Buffer.from(array));
  const args = (max: bigint) => {
    const offset = fc.bigInt({ min: 0n, max });
    const alock = fc.record(
      { caller_name: bytes, fh: bytes, oh: bytes, svid: fc.integer(), l_offset: offset, l_len: offset },
      { noNullPrototype: true },
    );
    return fc.record(
      {
        cookie: bytes,
        block: fc.boolean(),
        exclusive: fc.boolean(),
        alock,
        reclaim: fc.boolean(),
        state: fc.integer(),
      },
      { noNullPrototype: true },
    );
  };
  fc.assert(
    fc.property(args((1n << 32n) - 1n), (value) => assert.deepEqual(overWire(narrowTypes.lockargs, value), value)),
  );
  fc.assert(
    fc.property(args((1n << 64n) - 1n), (value) => assert.deepEqual(overWire(wideTypes.lockargs, value), value)),
  );
});

test('NLM_LOCK: LCK_GRANTED, to another LCK_DENIED, and again LCK_GRANTED to whoever has it', async (t) => {
  const subject = subjectOf(t);
  assert.deepEqual(await ask(subject, 'NLM_LOCK'), answered(LCK_GRANTED));
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { svid: 2 }), answered(LCK_DENIED));
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { who: 'two' }), answered(LCK_DENIED));
  assert.deepEqual(await ask(subject, 'NLM_LOCK'), answered(LCK_GRANTED));
  assert.deepEqual(subject.watched[0], { name: 'one', address: '192.0.2.9', state: 3 });
});

test('NLM_TEST: LCK_GRANTED, or LCK_DENIED with the holder, within 32 bits for versions 1 and 3', async (t) => {
  const subject = subjectOf(t);
  assert.deepEqual(await ask(subject, 'NLM_TEST'), { cookie: COOKIE, stat: { stat: LCK_GRANTED } });
  await ask(subject, 'NLM_LOCK', { start: 1n << 33n, length: 10n });
  const holder = { exclusive: true, svid: 1, oh: Buffer.from('1@one') };
  assert.deepEqual(await ask(subject, 'NLM_TEST', { who: 'two' }), {
    cookie: COOKIE,
    stat: { stat: LCK_DENIED, holder: { ...holder, l_offset: 1n << 33n, l_len: 10n } },
  });
  assert.deepEqual(await ask(subject, 'NLM_TEST', { who: 'two', version: 3 }), {
    cookie: COOKIE,
    stat: { stat: LCK_DENIED, holder: { ...holder, l_offset: (1n << 32n) - 1n, l_len: 0n } },
  });
});

test('NLM_LOCK: what cannot be locked, in the words of version 4 and of version 3', async (t) => {
  const subject = subjectOf(t);
  const both = async (options: Ask, v4: number, v3: number) => {
    assert.deepEqual(await ask(subject, 'NLM_LOCK', options), answered(v4));
    if (options.start === undefined) {
      assert.deepEqual(await ask(subject, 'NLM_LOCK', { ...options, version: 3 }), answered(v3));
    }
  };
  await both({ file: 'gone' }, NLM4_STALE_FH, LCK_DENIED_NOLOCKS);
  await both({ file: 'root' }, NLM4_FAILED, LCK_DENIED_NOLOCKS);
  await both({ start: 1n << 63n, length: 1n }, NLM4_FBIG, LCK_DENIED_NOLOCKS);
  await both({ start: 2n, length: (1n << 64n) - 1n }, NLM4_FBIG, LCK_DENIED_NOLOCKS);
  subject.readOnly = true;
  await both({}, NLM4_ROFS, LCK_DENIED_NOLOCKS);
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { exclusive: false }), answered(LCK_GRANTED));
  subject.readOnly = false;
  subject.beOther();
  await both({ file: 'closed' }, NLM4_FAILED, LCK_DENIED_NOLOCKS);
});

test('NLM_LOCK: while storage is on its way here, clients come again, and a reclaim is not answered', async (t) => {
  const subject = subjectOf(t);
  subject.failure = new FsError('JUKEBOX', 'mount');
  assert.deepEqual(await ask(subject, 'NLM_LOCK'), answered(LCK_DENIED_GRACE_PERIOD));
  assert.equal(await ask(subject, 'NLM_LOCK', { reclaim: true }), NO_REPLY);
});

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

test('NLM_UNLOCK: also of a file that was removed meanwhile', async (t) => {
  const subject = subjectOf(t);
  await ask(subject, 'NLM_LOCK');
  subject.failure = new FsError('STALE', 'handle');
  assert.deepEqual(await ask(subject, 'NLM_UNLOCK'), answered(LCK_GRANTED));
  assert.deepEqual(subject.manager.locks(), []);
});

test('NLM_LOCK_MSG, NLM_TEST_MSG, NLM_UNLOCK_MSG: are answered by NLM_..._RES, and a grant by NLM_GRANTED_MSG', async (t) => {
  const subject = subjectOf(t);
  assert.equal(await ask(subject, 'NLM_LOCK_MSG'), undefined);
  await until(() => subject.clients.told.length === 1);
  assert.deepEqual(subject.clients.told[0]?.args, answered(LCK_GRANTED));
  await ask(subject, 'NLM_LOCK_MSG', { who: 'two', block: true });
  await ask(subject, 'NLM_TEST_MSG', { who: 'two' });
  await ask(subject, 'NLM_UNLOCK_MSG');
  await until(() => subject.clients.told.length === 5);
  const procedures = subject.clients.told.map(({ procedure }) => procedure);
  assert.deepEqual(
    procedures.sort((a, b) => a - b),
    [10, 11, 12, 12, 14],
  );
  const grant = subject.clients.told.find(({ procedure }) => procedure === 10);
  assert.ok(grant !== undefined);
  const { cookie } = grant.args as { cookie: Buffer };
  const answer = (stat: number, address: string) =>
    callRow(subject.programs, 4, 'NLM_GRANTED_RES', { cookie, stat }, { address });
  await answer(LCK_DENIED, '192.0.2.66');
  await answer(LCK_GRANTED, '192.0.2.9');
  await until(() => subject.store.load().length === 1);
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { who: 'two' }), answered(LCK_GRANTED));
});

test('NLM_SHARE, NLM_UNSHARE: deny what they deny, to others (X/Open)', async (t) => {
  const subject = subjectOf(t);
  const share = (name: string, who: string, mode: number, access: number) =>
    callRow(subject.programs, 3, name, {
      cookie: COOKIE,
      share: { caller_name: Buffer.from(who), fh: Buffer.from('open'), oh: Buffer.from(who), mode, access },
      reclaim: false,
    });
  const answer = (stat: number) => ({ cookie: COOKIE, stat, sequence: 0 });
  assert.deepEqual(await share('NLM_SHARE', 'one', 2, 1), answer(LCK_GRANTED));
  assert.deepEqual(await share('NLM_SHARE', 'two', 0, 2), answer(LCK_DENIED));
  assert.deepEqual(await share('NLM_SHARE', 'two', 1, 1), answer(LCK_DENIED));
  assert.deepEqual(await share('NLM_SHARE', 'two', 0, 1), answer(LCK_GRANTED));
  assert.deepEqual(await share('NLM_UNSHARE', 'one', 2, 1), answer(LCK_GRANTED));
  assert.deepEqual(await share('NLM_SHARE', 'two', 0, 2), answer(LCK_GRANTED));
});

test('deadlock: NLM4_DEADLCK to whoever would wait for itself, LCK_DENIED in version 3, and nothing is left of it', async (t) => {
  const subject = subjectOf(t);
  const [first, second] = [
    { start: 0n, length: 1n },
    { start: 1n, length: 1n },
  ];
  await ask(subject, 'NLM_LOCK', { who: 'one', ...first });
  await ask(subject, 'NLM_LOCK', { who: 'two', ...second });
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { who: 'one', ...second, block: true }), answered(LCK_BLOCKED));
  const wish = { who: 'two', ...first };
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { ...wish, block: true }), answered(NLM4_DEADLCK));
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { ...wish, block: true, version: 3 }), answered(LCK_DENIED));
  assert.deepEqual(await ask(subject, 'NLM_LOCK', wish), answered(LCK_DENIED));
  assert.deepEqual(
    subject.manager.waiters().map(({ tag }) => tag.name),
    ['one'],
  );
  assert.equal(subject.store.load().filter(({ kind }) => kind === 'waiter').length, 1);
  await ask(subject, 'NLM_UNLOCK', { who: 'two', ...second });
  await until(() => subject.clients.told.some(({ args }) => callerIn(args) === 'one'));
});

test('deadlock: a circle that has closed meanwhile ends for the one that asks again', async (t) => {
  const subject = subjectOf(t);
  const [first, second] = [
    { start: 0n, length: 1n },
    { start: 1n, length: 1n },
  ];
  const both = { who: 'one', start: 1n, length: 2n, block: true };
  await ask(subject, 'NLM_LOCK', { who: 'one', ...first });
  await ask(subject, 'NLM_LOCK', { who: 'two', ...second });
  assert.deepEqual(await ask(subject, 'NLM_LOCK', both), answered(LCK_BLOCKED));
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { who: 'three', ...first, block: true }), answered(LCK_BLOCKED));
  // By another thread of its own.
  assert.deepEqual(await ask(subject, 'NLM_LOCK', { who: 'three', start: 2n, length: 1n }), answered(LCK_GRANTED));
  assert.deepEqual(await ask(subject, 'NLM_LOCK', both), answered(NLM4_DEADLCK));
  assert.deepEqual(
    subject.manager.waiters().map(({ tag }) => tag.name),
    ['three'],
  );
  assert.equal(subject.store.load().filter(({ kind }) => kind === 'waiter').length, 1);
});

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
