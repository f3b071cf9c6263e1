import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Awaitable } from '../../src/common/awaitable.ts';
import { LicenceLost } from '../../src/common/licence.ts';
import type { KeptCall, ReplyJournal } from '../../src/common/reply-journal.ts';
import type { Caller } from '../../src/rpc/dispatcher.ts';
import { type Call, Dispatcher, NO_REPLY, procedure } from '../../src/rpc/index.ts';
import { CredentialReader } from '../../src/rpc/message.ts';
import { uint32, XdrReader, XdrWriter } from '../../src/xdr/index.ts';
import { auth, authSys, callMessage, PROGRAM, RememberingLog, words } from './wire.ts';

const ADD = 1;

/** The journal of a process that may crash: `crash` gives the next one's. */
class FakeJournal implements ReplyJournal {
  readonly found: readonly KeptCall[];
  readonly events: string[] = [];
  private readonly kept = new Map<string, KeptCall>();
  onFlush: () => Awaitable<void> = () => {};

  constructor(found: readonly KeptCall[] = []) {
    this.found = found;
    for (const call of found) this.kept.set(call.key, call);
  }

  crash(): FakeJournal {
    return new FakeJournal([...this.kept.values()]);
  }

  intent(key: string, bytes: Uint8Array): void {
    this.events.push('intent');
    this.kept.set(key, { key, kind: 'intent', bytes: Buffer.from(bytes) });
  }

  result(key: string, body: Uint8Array): void {
    this.events.push('result');
    this.kept.set(key, { key, kind: 'result', bytes: Buffer.from(body) });
  }

  aborted(key: string): void {
    if (this.kept.get(key)?.kind === 'intent') this.kept.delete(key);
    this.events.push('aborted');
  }

  flush(): Awaitable<void> {
    this.events.push('flush');
    return this.onFlush();
  }
}

/** Adds what it is given to a sum: not to be done twice. */
class Adder {
  sum = 0;
  /** What goes wrong, and when. */
  before: () => Awaitable<void> = () => {};
  after: () => Awaitable<void> = () => {};
  /** What looking finds, instead of the truth. */
  found: typeof NO_REPLY | undefined;
  stable = false;

  readonly row = procedure({
    number: ADD,
    name: 'ADD',
    args: uint32,
    res: uint32,
    idempotent: false,
    replay: {
      carriedOut: (value, note) => {
        if (this.found !== undefined) return this.found;
        return this.sum === note.readUInt32BE() + value ? this.sum : undefined;
      },
    },
    handle: async (value: number, call: Call) => {
      await this.before();
      call.intend?.(words(this.sum), this.stable);
      this.sum += value;
      await this.after();
      return this.sum;
    },
  });
}

class FakeCaller implements Caller {
  readonly peer = {
    ...({ transport: 'tcp', address: '192.0.2.1', port: 800 } as const),
    ...{ localAddress: '192.0.2.9', localPort: 2049, maxData: 0 },
  };
  readonly credentials = new CredentialReader();
  readonly writer = new XdrWriter();
  readonly replies: Buffer[] = [];
  beginReply(): void {}
  endReply(): void {
    this.replies.push(this.writer.toBuffer());
  }
  cancelReply(): void {
    this.writer.toBuffer();
  }
}

function serve(adder: Adder, journal: FakeJournal) {
  const caller = new FakeCaller();
  const log = new RememberingLog();
  const versions = [{ program: PROGRAM, version: 2, name: 'test', procedures: [adder.row] }];
  const dispatcher = new Dispatcher(versions, { log, journal });
  /** @returns the results sent meanwhile, or `accept_stat` of those without. */
  const call = async (xid: number, value: number, uid = 0): Promise<number[]> => {
    const credential = auth(1, authSys(uid, 0, []));
    const message = callMessage({ xid, program: PROGRAM, procedure: ADD, credential, args: words(value) });
    caller.replies.length = 0;
    await dispatcher.dispatch(new XdrReader(message), caller);
    return caller.replies.map((reply) => (reply.length > 24 ? reply.readUInt32BE(24) : -reply.readUInt32BE(20)));
  };
  return { dispatcher, call, log };
}

/** A call that never ends, for the process dies before. */
const NEVER = () => new Promise<void>(() => {});
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('once: the intent is written before the call, and the result before the reply', async () => {
  const [adder, journal] = [new Adder(), new FakeJournal()];
  const { call } = serve(adder, journal);
  adder.after = () => void journal.events.push('changed');
  assert.deepEqual(await call(1, 5), [5]);
  assert.deepEqual(journal.events, ['intent', 'changed', 'result']);
});

test('once: a reply whose call is to be on stable storage waits for the intent to be there, too', async () => {
  const [adder, journal] = [new Adder(), new FakeJournal()];
  const { call } = serve(adder, journal);
  adder.stable = true;
  let flushed = () => {};
  journal.onFlush = () => new Promise<void>((resolve) => (flushed = resolve));
  const reply = call(1, 5);
  await turn();
  assert.deepEqual(journal.events, ['intent', 'flush']);
  flushed();
  assert.deepEqual(await reply, [5]);
  assert.deepEqual(journal.events, ['intent', 'flush', 'result']);
});

test('once: a call that had ended is answered from the journal by the next process', async () => {
  const [adder, journal] = [new Adder(), new FakeJournal()];
  await serve(adder, journal).call(1, 5);
  adder.sum = 100;
  const next = serve(adder, journal.crash());
  await next.dispatcher.recover();
  assert.deepEqual(await next.call(1, 5), [5]);
  assert.equal(adder.sum, 100);
});

test('once: a call that was cut off is answered with what it did, or runs if it did nothing', async () => {
  for (const when of ['before', 'after'] as const) {
    const [adder, journal] = [new Adder(), new FakeJournal()];
    adder[when] = NEVER;
    void serve(adder, journal).call(1, 5);
    await turn();
    assert.equal(adder.sum, when === 'before' ? 0 : 5);
    adder[when] = () => {};
    const next = serve(adder, journal.crash());
    await next.dispatcher.recover();
    assert.deepEqual(await next.call(1, 5), [5]);
    assert.equal(adder.sum, 5);
  }
});

test('once: what a call did is found out before others can change it', async () => {
  const [adder, journal] = [new Adder(), new FakeJournal()];
  adder.after = NEVER;
  void serve(adder, journal).call(1, 5);
  await turn();
  adder.after = () => {};
  const next = serve(adder, journal.crash());
  await next.dispatcher.recover();
  assert.deepEqual(await next.call(2, 1), [6]);
  assert.deepEqual(await next.call(1, 5), [5]);
  assert.equal(adder.sum, 6);
});

test('once: what was found out survives another crash', async () => {
  const [adder, journal] = [new Adder(), new FakeJournal()];
  adder.after = NEVER;
  void serve(adder, journal).call(1, 5);
  await turn();
  const second = journal.crash();
  await serve(adder, second).dispatcher.recover();
  adder.sum = 50;
  const third = serve(adder, second.crash());
  await third.dispatcher.recover();
  assert.deepEqual(await third.call(1, 5), [5]);
});

test('once: a call of which nothing can be told now is met with silence, and decided when it comes again', async () => {
  const [adder, journal] = [new Adder(), new FakeJournal()];
  adder.after = NEVER;
  void serve(adder, journal).call(1, 5);
  await turn();
  adder.after = () => {};
  adder.found = NO_REPLY;
  const next = serve(adder, journal.crash());
  await next.dispatcher.recover();
  assert.deepEqual(await next.call(1, 5), []);
  assert.deepEqual(await next.call(1, 5), []);
  adder.found = undefined;
  assert.deepEqual(await next.call(1, 5), [5]);
  assert.equal(adder.sum, 5);
});

test('once: another user with the same call is not told what the first one did', async () => {
  const [adder, journal] = [new Adder(), new FakeJournal()];
  const { call } = serve(adder, journal);
  assert.deepEqual(await call(1, 5, 1000), [5]);
  assert.deepEqual(await call(1, 5, 1001), [10]);
  assert.deepEqual(await call(1, 5, 1000), [5]);
});

test('once: a failed call runs again; one that lost its licence is for the successor to look after', async () => {
  for (const [error, events] of [
    [new Error('a fault'), ['intent', 'aborted']],
    [new LicenceLost(), ['intent']],
  ] as const) {
    const [adder, journal] = [new Adder(), new FakeJournal()];
    adder.after = () => Promise.reject(error);
    await serve(adder, journal).call(1, 5);
    assert.deepEqual(journal.events, events);
  }
});

test('once: intents of another version are passed over', async () => {
  const rubbish = { key: 'k', kind: 'intent', bytes: Buffer.from('rubbish') } as const;
  const { dispatcher, log } = serve(new Adder(), new FakeJournal([rubbish]));
  await dispatcher.recover();
  assert.match(log.lines.join('\n'), /cannot be told; it runs again/);
});
