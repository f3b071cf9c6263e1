import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReplyCache } from '../../src/rpc/index.ts';
import { COUNT, callMessage, frame, SLOW, WireClient, withServer, words } from './wire.ts';

const count = (xid: number, arg: number) => callMessage({ xid, procedure: COUNT, args: words(arg) });

test('a retransmitted call is run once, and answered alike on another connection', async () => {
  await withServer(async ({ port, program }) => {
    const first = await WireClient.connect(port);
    const reply = await first.call(count(5, 1));
    assert.deepEqual(await first.call(count(5, 1)), reply);
    first.close();
    const second = await WireClient.connect(port);
    assert.deepEqual(await second.call(count(5, 1)), reply);
    assert.equal(program.runs, 1);
    second.close();
  });
});

test('another xid, or the same xid with other arguments, is another call', async () => {
  await withServer(async ({ port, program }) => {
    const client = await WireClient.connect(port);
    await client.call(count(5, 1));
    await client.call(count(6, 1));
    await client.call(count(5, 2));
    assert.equal(program.runs, 3);
    client.close();
  });
});

test('a retransmission of a running call is not run; the reply goes to where it was asked last', async () => {
  await withServer(async ({ port, program }) => {
    const message = callMessage({ xid: 8, procedure: SLOW, args: words(42) });
    const first = await WireClient.connect(port);
    first.send(frame(message));
    while (program.slow.length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    first.close();
    const second = await WireClient.connect(port);
    const reply = second.call(message);
    // Another call is answered meanwhile, so the repeated one has been taken by then.
    const third = await WireClient.connect(port);
    await third.call(callMessage({}));
    for (const finish of program.slow) finish();
    assert.deepEqual(await reply, words(8, 1, 0, 0, 0, 0, 42));
    assert.equal(program.runs, 1);
    second.close();
    third.close();
  });
});

test('arguments that do not decode leave nothing in the cache', async () => {
  await withServer(async ({ port }) => {
    const client = await WireClient.connect(port);
    const bad = callMessage({ xid: 5, procedure: COUNT, args: words(1, 2) });
    assert.equal((await client.call(bad)).readUInt32BE(20), 4);
    assert.equal((await client.call(bad)).readUInt32BE(20), 4);
    client.close();
  });
});

test('the cache stays within its bounds and forgets the oldest results first', () => {
  const cache = new ReplyCache(10, 1000);
  const nowhere = () => assert.fail('nobody waits');
  const put = (key: string, bytes: number) => {
    assert.equal(cache.begin(key, nowhere).action, 'run');
    cache.done(key, Buffer.alloc(bytes));
  };
  assert.equal(cache.begin('running', nowhere).action, 'run');
  for (let i = 0; i < 20; i++) put(`k${i}`, 10);
  assert.equal(cache.size, 10);
  assert.equal(cache.begin('k19', nowhere).action, 'replay');
  assert.equal(cache.begin('running', nowhere).action, 'drop');
  put('large', 995);
  assert.ok(cache.size <= 2);
  assert.equal(cache.begin('large', nowhere).action, 'replay');
});

test('a call in doubt stays until it is decided, however many results come and go', () => {
  const cache = new ReplyCache(10, 1000);
  cache.doubt('interrupted', Buffer.from('intent'));
  for (let i = 0; i < 50; i++) {
    cache.begin(`k${i}`, () => {});
    cache.done(`k${i}`, Buffer.alloc(10));
  }
  const seen = cache.begin('interrupted', () => {});
  assert.deepEqual(seen, { action: 'decide', intent: Buffer.from('intent') });
  assert.equal(cache.begin('interrupted', () => {}).action, 'drop');
});

test('an aborted call may run again', () => {
  const cache = new ReplyCache();
  assert.equal(cache.begin('k', () => {}).action, 'run');
  cache.aborted('k');
  assert.equal(cache.begin('k', () => {}).action, 'run');
});
