import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { monotonic } from '../../../src/common/monotonic.ts';
import { TcpProbe } from '../../../src/ha/health/probe.ts';
import { NFS_PROGRAM } from '../../../src/nfs/v3/program.ts';
import { FSSTAT3args, FSSTAT3res, GETATTR3args, GETATTR3res } from '../../../src/nfs/v3/types.ts';
import { NLM_PROG, NLM4_VERS, res, wideTypes } from '../../../src/nlm/types.ts';
import { type Call, Dispatcher, type ProgramVersion, procedure, TcpTransport } from '../../../src/rpc/index.ts';
import { nothing } from '../../../src/xdr/index.ts';
import { RememberingLog } from '../../rpc/wire.ts';

const HOST = '127.0.0.1';
const ROOT = { path: '/srv', handle: 'c0ffee' };
const skip = process.getuid?.() === 0 ? false : 'needs root: probes come from a port below 1024';
const NEVER = new Promise<never>(() => {});

/** What the server under the probe does instead of answering well. */
interface Faults {
  readonly ping?: 'silent';
  /** NFS3ERR_*, or no answer. */
  readonly getattr?: number | 'silent';
  readonly lock?: 'silent';
}

/** A server with the few procedures that probes call. */
async function serve(t: TestContext, faults: Faults = {}): Promise<{ port: number; calls: Call[] }> {
  const calls: Call[] = [];
  const seen = <T>(call: Call, answer: T, fault: unknown): T | Promise<never> => {
    calls.push(call);
    return fault === 'silent' ? NEVER : answer;
  };
  const row = { idempotent: true } as const;
  const status = typeof faults.getattr === 'number' ? 5 : 13;
  const programs: ProgramVersion[] = [
    {
      ...{ program: NFS_PROGRAM, version: 3, name: 'nfs' },
      procedures: [
        procedure({
          ...{ ...row, number: 0, name: 'NULL', args: nothing, res: nothing },
          handle: (_, call) => seen(call, undefined, faults.ping),
        }),
        procedure({
          ...{ ...row, number: 1, name: 'GETATTR', args: GETATTR3args, res: GETATTR3res },
          handle: (_, call) => seen(call, { status }, faults.getattr),
        }),
        procedure({
          ...{ ...row, number: 18, name: 'FSSTAT', args: FSSTAT3args, res: FSSTAT3res },
          handle: () => {
            const bytes = { tbytes: 100n, fbytes: 50n, abytes: 40n, tfiles: 3n, ffiles: 2n, afiles: 1n };
            return { status: 0 as const, obj_attributes: undefined, ...bytes, invarsec: 0 };
          },
        }),
      ],
    },
    {
      ...{ program: NLM_PROG, version: NLM4_VERS, name: 'nlockmgr' },
      procedures: [
        procedure({
          ...{ ...row, number: 4, name: 'NLM_UNLOCK', args: wideTypes.unlockargs, res },
          handle: ({ cookie }, call) => seen(call, { cookie: Buffer.from(cookie), stat: 0 as const }, faults.lock),
        }),
      ],
    },
  ];
  const log = new RememberingLog();
  const transport = await TcpTransport.listen(new Dispatcher(programs, { log }), { host: HOST, port: 0 }, { log });
  t.after(() => transport.close(0));
  return { port: transport.port, calls };
}

function probeOf(t: TestContext, port: number): TcpProbe {
  const probe = new TcpProbe({ addresses: [{ address: HOST, prefix: 8 }], port }, monotonic);
  t.after(() => probe.close());
  return probe;
}

test('a probe asks NULL, the roots and the lock manager, from a privileged port of the same address', {
  skip,
}, async (t) => {
  const { port, calls } = await serve(t);
  const probe = probeOf(t, port);
  for (let round = 1; round <= 3; round++) {
    const { ping, roots, lock } = await probe.ask([ROOT]);
    assert.equal(ping.kind, 'answer');
    assert.equal(lock?.kind, 'answer');
    const [root] = roots;
    assert.deepEqual([root?.path, root?.attributes.kind, root?.free], ['/srv', 'answer', 40n]);
    assert.equal(root?.attributes.kind === 'answer' && root.attributes.status, 13);
  }
  assert.equal(new Set(calls.map(({ peer }) => peer.port)).size, 1, 'one connection serves all rounds');
  assert.equal(
    calls.every(({ peer }) => peer.port < 1024 && peer.address === peer.localAddress),
    true,
  );
});

test('a part that is silent is told from the rest', { skip }, async (t) => {
  const { port } = await serve(t, { getattr: 'silent', lock: 'silent' });
  const { ping, roots, lock } = await probeOf(t, port).ask([ROOT]);
  assert.deepEqual([ping.kind, roots[0]?.attributes.kind, lock?.kind], ['answer', 'silence', 'silence']);
});

test('an I/O error comes through', { skip }, async (t) => {
  const { port } = await serve(t, { getattr: 5 });
  const { roots } = await probeOf(t, port).ask([ROOT]);
  assert.equal(roots[0]?.attributes.kind === 'answer' && roots[0].attributes.status, 5);
});

test('no listener is broken; one that never answers is silence', { skip }, async (t) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const probe = probeOf(t, address.port);
  assert.equal((await probe.ask([])).ping.kind, 'silence');
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  assert.equal((await probe.ask([])).ping.kind, 'broken');
});

test('without roots nothing is asked but NULL', { skip }, async (t) => {
  const { port, calls } = await serve(t);
  const { roots, lock } = await probeOf(t, port).ask([]);
  assert.deepEqual([roots, lock, calls.length], [[], undefined, 1]);
});
