import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { LCK_BLOCKED, LCK_GRANTED, NLM4_ROFS } from '../../src/nlm/types.ts';
import { FsError } from '../../src/vfs/index.ts';
import { Subject, until } from '../nlm/fakes.ts';
import { callRow } from '../rpc/row.ts';

/** Locks on a file that a program of the host may have a lock on, too. */
class Host {
  isFree = false;
  tries = 0;
  readonly subject = new Subject();

  constructor(t: TestContext) {
    t.after(() => this.subject.manager.close());
    const take = (exclusive: boolean) => {
      // One who asks without end never lets the clock go on.
      assert.ok(++this.tries < 1000);
      return this.isFree || !exclusive;
    };
    const openLocks = () => ({ take, release: () => {}, test: () => undefined, close: () => {} });
    Object.assign(this.subject.fileSystem, { openLocks });
  }

  async ask(name: string, svid: number, exclusive: boolean): Promise<unknown> {
    const alock = { caller_name: Buffer.from('one'), fh: Buffer.from('open'), oh: Buffer.alloc(0), svid };
    const args = { cookie: Buffer.alloc(0), exclusive, block: true, reclaim: false, state: 3 };
    const whole = { ...alock, l_offset: 0n, l_len: 0n };
    return ((await callRow(this.subject.programs, 4, name, { ...args, alock: whole })) as { stat: number }).stat;
  }
}

const LIMITED = { timeout: 20_000 };

test(
  'a lock that a program of the host stands in the way of: tried now and then, while the server goes on',
  LIMITED,
  async (t) => {
    const host = new Host(t);
    const { subject } = host;
    assert.equal(await host.ask('NLM_LOCK', 1, true), LCK_BLOCKED);
    await until(() => host.tries > 2);
    assert.deepEqual(subject.manager.locks(), []);
    host.isFree = true;
    await until(() => subject.clients.told.length > 0);
    assert.equal(subject.manager.locks().length, 1);
  },
);

test(
  'a lock that a client stood in the way of, and then a program of the host: tried until that lets go, too',
  LIMITED,
  async (t) => {
    const host = new Host(t);
    const { subject } = host;
    assert.equal(await host.ask('NLM_LOCK', 1, false), LCK_GRANTED);
    assert.equal(await host.ask('NLM_LOCK', 2, true), LCK_BLOCKED);
    assert.equal(await host.ask('NLM_UNLOCK', 1, false), LCK_GRANTED);
    assert.deepEqual(subject.manager.locks(), []);
    host.isFree = true;
    await until(() => subject.clients.told.length > 0);
    assert.equal(subject.manager.locks().length, 1);
  },
);

test('a lock that the host never could take is not waited for', LIMITED, async (t) => {
  const host = new Host(t);
  const { subject } = host;
  const take = () => {
    throw new FsError('ROFS', 'lock');
  };
  Object.assign(subject.fileSystem, { openLocks: () => ({ take, close: () => {} }) });
  assert.equal(await host.ask('NLM_LOCK', 1, true), NLM4_ROFS);
  assert.deepEqual([subject.manager.waiters(), subject.store.load()], [[], []]);
});
