import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  auth,
  authSys,
  BIG,
  COUNT,
  callMessage,
  DENIED,
  ECHO,
  FAULT,
  SILENT,
  SLOW,
  WHO,
  WireClient,
  withServer,
  words,
} from './wire.ts';

const XID = 77;

async function replyTo(message: Buffer): Promise<Buffer> {
  let reply = Buffer.alloc(0);
  await withServer(async ({ port }) => {
    const client = await WireClient.connect(port);
    reply = Buffer.from(await client.call(message));
    client.close();
  });
  return reply;
}

const accepted = (status: number, ...rest: number[]) => words(XID, 1, 0, 0, 0, status, ...rest);
const denied = (...rest: number[]) => words(XID, 1, 1, ...rest);

test('NULL is accepted with SUCCESS and an AUTH_NONE verifier (RFC 5531 §9)', async () => {
  assert.deepEqual(await replyTo(callMessage({ xid: XID })), accepted(0));
});

test('another RPC version: RPC_MISMATCH, low 2, high 2 (RFC 5531 §9)', async () => {
  for (const rpcVersion of [0, 1, 3, 0xffff_ffff]) {
    assert.deepEqual(await replyTo(callMessage({ xid: XID, rpcVersion })), denied(0, 2, 2));
  }
});

test('an unknown program: PROG_UNAVAIL (RFC 5531 §9)', async () => {
  assert.deepEqual(await replyTo(callMessage({ xid: XID, program: 400_000 })), accepted(1));
});

test('an unknown version: PROG_MISMATCH with the lowest and highest there are (RFC 5531 §9)', async () => {
  for (const version of [0, 1, 3, 5]) {
    assert.deepEqual(await replyTo(callMessage({ xid: XID, version })), accepted(2, 2, 4));
  }
});

test('an unknown procedure: PROC_UNAVAIL (RFC 5531 §9)', async () => {
  for (const procedure of [99, 0xffff_ffff]) {
    assert.deepEqual(await replyTo(callMessage({ xid: XID, procedure })), accepted(3));
  }
});

test('arguments that do not decode, end early or leave bytes over: GARBAGE_ARGS (RFC 5531 §9)', async () => {
  const bad = [words(0x0fff_ffff), words(8, 1), Buffer.alloc(0), words(0, 0)];
  for (const args of bad) {
    assert.deepEqual(await replyTo(callMessage({ xid: XID, procedure: ECHO, args })), accepted(4));
  }
  assert.deepEqual(await replyTo(callMessage({ xid: XID, procedure: COUNT, args: words(1, 2) })), accepted(4));
});

test('a header that ends early: GARBAGE_ARGS', async () => {
  assert.deepEqual(await replyTo(words(XID, 0, 2, 0x2000_0001, 2)), accepted(4));
});

test('a fault of the handler: SYSTEM_ERR and a log line (RFC 5531 §9)', async () => {
  await withServer(async ({ port, log }) => {
    const client = await WireClient.connect(port);
    assert.deepEqual(await client.call(callMessage({ xid: XID, procedure: FAULT })), accepted(5));
    assert.deepEqual(await client.call(callMessage({ xid: XID })), accepted(0), 'the connection lives on');
    assert.equal(log.lines.filter((line) => line.startsWith('FAULT failed')).length, 1);
    client.close();
  });
});

test('a refusal by the handler: AUTH_ERROR with its auth_stat (RFC 5531 §9)', async () => {
  assert.deepEqual(await replyTo(callMessage({ xid: XID, procedure: DENIED })), denied(1, 5));
});

test('AUTH_SYS with 0 to 16 groups is read, also through another stamp (RFC 5531 appendix A)', async () => {
  for (const count of [0, 1, 16]) {
    const credential = auth(
      1,
      authSys(
        1000,
        100,
        Array.from({ length: count }, (_, i) => i),
        'a host',
        count,
      ),
    );
    const reply = await replyTo(callMessage({ xid: XID, procedure: WHO, credential }));
    assert.deepEqual(reply, accepted(0, 1, 1000, count));
  }
});

test('a malformed AUTH_SYS body: AUTH_BADCRED (RFC 5531 appendix A)', async () => {
  const good = authSys(1000, 100, [1, 2]);
  const bodies = [
    Buffer.alloc(0),
    good.subarray(0, good.length - 4),
    Buffer.concat([good, words(0)]),
    authSys(
      1,
      1,
      Array.from({ length: 17 }, () => 5),
    ),
    authSys(1, 1, [], 'x'.repeat(256)),
    words(0, 0xffff_ffff, 0, 0, 0),
    words(0, 0, 0, 0, 0xffff_ffff),
  ];
  for (const body of bodies) {
    assert.deepEqual(await replyTo(callMessage({ xid: XID, credential: auth(1, body) })), denied(1, 1));
  }
});

test('a credential longer than 400 bytes: AUTH_BADCRED; such a verifier: AUTH_BADVERF (RFC 5531 §8.2)', async () => {
  assert.deepEqual(await replyTo(callMessage({ xid: XID, credential: auth(1, Buffer.alloc(404)) })), denied(1, 1));
  assert.deepEqual(await replyTo(callMessage({ xid: XID, credential: words(1, 0xffff_ffff) })), denied(1, 1));
  assert.deepEqual(await replyTo(callMessage({ xid: XID, verifier: auth(0, Buffer.alloc(404)) })), denied(1, 3));
});

test('AUTH_SHORT: AUTH_REJECTEDCRED; RPCSEC_GSS and others: AUTH_BADCRED (RFC 5531 §9)', async () => {
  assert.deepEqual(await replyTo(callMessage({ xid: XID, credential: auth(2, words(1)) })), denied(1, 2));
  assert.deepEqual(await replyTo(callMessage({ xid: XID, credential: auth(6, words(1, 1, 1, 1)) })), denied(1, 1));
});

test('a record that is no call closes the connection', async () => {
  for (const bytes of [Buffer.alloc(0), words(1), words(XID, 1, 0)]) {
    await withServer(async ({ port }) => {
      const client = await WireClient.connect(port);
      client.send(Buffer.concat([words(0x8000_0000 + bytes.length), bytes]));
      await client.closed;
    });
  }
});

test('a one-way procedure gets no reply, and the next call is answered', async () => {
  await withServer(async ({ port }) => {
    const client = await WireClient.connect(port);
    client.send(Buffer.concat([words(0x8000_0028), callMessage({ xid: 5, procedure: SILENT })]));
    assert.deepEqual(await client.call(callMessage({ xid: XID })), accepted(0));
    client.close();
  });
});

test('without the serving licence a call is met with silence', async () => {
  let holds = false;
  await withServer(
    async ({ port }) => {
      const client = await WireClient.connect(port);
      client.send(Buffer.concat([words(0x8000_0028), callMessage({ xid: 5 })]));
      client.send(Buffer.concat([words(0x8000_0028), callMessage({ xid: 6 })]));
      await new Promise((resolve) => setTimeout(resolve, 50));
      holds = true;
      assert.deepEqual(await client.call(callMessage({ xid: XID })), accepted(0));
      assert.equal(client.unclaimed, 0);
      client.close();
    },
    { licence: { holds: () => holds } },
  );
});

test('a licence lost while a call runs: no reply', async () => {
  let holds = true;
  await withServer(
    async ({ port, program }) => {
      const client = await WireClient.connect(port);
      client.send(Buffer.concat([words(0x8000_002c), callMessage({ xid: 5, procedure: SLOW, args: words(1) })]));
      while (program.slow.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      holds = false;
      for (const finish of program.slow) finish();
      await new Promise((resolve) => setTimeout(resolve, 50));
      holds = true;
      assert.deepEqual(await client.call(callMessage({ xid: XID })), accepted(0));
      assert.equal(client.unclaimed, 0);
      client.close();
    },
    { licence: { holds: () => holds } },
  );
});

test('a large result goes out whole and in order between small ones', async () => {
  await withServer(async ({ port }) => {
    const client = await WireClient.connect(port);
    const sizes = [10, 1 << 20, 3, 100_001, 16_384];
    const replies = await Promise.all(
      sizes.map((size, i) => client.call(callMessage({ xid: i, procedure: BIG, args: words(size) }))),
    );
    for (const [i, size] of sizes.entries()) {
      const reply = replies[i]!;
      assert.deepEqual(reply.subarray(0, 28), words(i, 1, 0, 0, 0, 0, size));
      assert.ok(reply.subarray(28, 28 + size).every((byte) => byte === i + 1));
      assert.equal(reply.length, 28 + size + (-size & 3));
    }
    client.close();
  });
});
