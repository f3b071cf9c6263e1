import assert from 'node:assert/strict';
import { test } from 'node:test';
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
import { type Ask, answered, ask, COOKIE, callerIn, subjectOf } from './asking.ts';
import { until } from './fakes.ts';

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
