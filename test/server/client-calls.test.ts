import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RpcClient } from '../../src/rpc/index.ts';
import { ClientCalls } from '../../src/server/client-calls.ts';

const TARGET = { address: '192.0.2.9', localAddress: '192.0.2.1', version: 4, transport: 'tcp' } as const;
const NLM_PROG = 100021;

test('ClientCalls: a connection is used again, and made anew, once for all, when the client has closed it', async (t) => {
  const made: { isBroken: boolean }[] = [];
  const calls = new ClientCalls(undefined, async () => {
    const client = { isBroken: false, close: () => {} };
    made.push(client);
    return client as Partial<RpcClient> as RpcClient;
  });
  t.after(() => calls.close());
  const connect = () => calls.connect(TARGET, NLM_PROG) as Promise<unknown>;
  assert.equal(await connect(), made[0]);
  assert.equal(await connect(), made[0]);
  made[0]!.isBroken = true;
  const again = await Promise.all([connect(), connect()]);
  assert.deepEqual(
    again.map((client) => client === made[1]),
    [true, true],
  );
  assert.equal(made.length, 2);
});
