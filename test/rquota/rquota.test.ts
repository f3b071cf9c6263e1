import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exports, File } from '../../src/exports/contract.ts';
import { type Call, NO_REPLY, RpcRefusal } from '../../src/rpc/index.ts';
import { rquotaOf } from '../../src/rquota/convert.ts';
import { rquotaPrograms } from '../../src/rquota/index.ts';
import * as types from '../../src/rquota/types.ts';
import { FsError, type FsErrorCode, type Quota, type QuotaLimits } from '../../src/vfs/index.ts';
import { type Xdr, XdrError, XdrReader, XdrWriter } from '../../src/xdr/index.ts';
import { bytes, record, word } from '../nfs/v3/arbitraries.ts';
import fc from '../properties.ts';

const NOW = 1_000_000;
const PATH = Buffer.from('/srv/home');
const none: Quota = {
  ...{ hardBytes: 0n, softBytes: 0n, usedBytes: 0n, hardFiles: 0n, softFiles: 0n, usedFiles: 0n },
  ...{ bytesGrace: 0n, filesGrace: 0n },
};
const limited: Quota = {
  ...{ hardBytes: 2000n * 1024n, softBytes: 1000n * 1024n, usedBytes: 1100n * 1024n - 5n },
  ...{ hardFiles: 20n, softFiles: 10n, usedFiles: 3n, bytesGrace: BigInt(NOW + 600), filesGrace: 0n },
};

interface Asked {
  readonly mounts: { path: string; port: number }[];
  readonly quotas: { kind: number; id: number }[];
  readonly set: object[];
}

/** One export with these quotas, and what was asked of it. */
function subject(
  quota: () => Quota | undefined | Promise<Quota | undefined>,
  mountFailure?: FsErrorCode,
  maySet = false,
) {
  const asked: Asked = { mounts: [], quotas: [], set: [] };
  const view = {
    setQuota: (kind: number, id: number, limits: QuotaLimits) => {
      asked.set.push({ kind, id, ...limits });
      return true;
    },
    quota: (kind: number, id: number) => {
      asked.quotas.push({ kind, id });
      return quota();
    },
  };
  const exports = {
    mount: async (path: Buffer, call: Call): Promise<File> => {
      asked.mounts.push({ path: path.toString(), port: call.peer.port });
      if (mountFailure !== undefined) throw new FsError(mountFailure, 'mount');
      return { view, inode: undefined } as never;
    },
  } as unknown as Exports;
  return { asked, programs: rquotaPrograms(exports, { now: () => NOW * 1000 + 999, maySet }) };
}

const ARGUMENTS = {
  GETQUOTA: { 1: types.getquota_args, 2: types.ext_getquota_args },
  SETQUOTA: { 1: types.setquota_args, 2: types.ext_setquota_args },
} as const;

interface Who {
  readonly uid: number;
  readonly gid?: number;
  readonly gids?: readonly number[];
}

/** Calls a procedure from the bytes of its arguments to those of its result; nobody: without AUTH_SYS. */
async function run(
  { programs }: ReturnType<typeof subject>,
  version: 1 | 2,
  name: string,
  args: object,
  who: Who | undefined,
  port = 40_000,
): Promise<types.getquota_rslt> {
  const row = programs.find((each) => each.version === version)!.procedures.find((each) => each.name === name)!;
  const declared = ARGUMENTS[name.includes('SET') ? 'SETQUOTA' : 'GETQUOTA'][version] as Xdr<unknown>;
  const writer = new XdrWriter();
  declared.write(writer, args);
  const unix = who && { machineName: Buffer.alloc(0), gid: 100, gids: [], ...who };
  const call = { credential: { flavor: who ? 1 : 0, unix }, peer: { port, address: '127.0.0.1' } };
  const result = await row.handle(row.args.read(new XdrReader(writer.toBuffer())), call as never);
  assert.notEqual(result, NO_REPLY);
  const out = new XdrWriter();
  row.res.write(out, result);
  return types.getquota_rslt.read(new XdrReader(out.toBuffer()));
}

const ofUser = (gqa_uid: number) => ({ gqa_pathp: PATH, gqa_uid });
const of = (gqa_type: number, gqa_id: number) => ({ gqa_pathp: PATH, gqa_type, gqa_id });

for (const name of ['RQUOTAPROC_GETQUOTA', 'RQUOTAPROC_GETACTIVEQUOTA']) {
  test(`${name}: limits and use in blocks of 1 KiB, rounded up, and the time that is left`, async () => {
    const server = subject(() => limited);
    const result = await run(server, 1, name, ofUser(7), { uid: 7 });
    assert.deepEqual(result, {
      status: types.Q_OK,
      rquota: {
        ...{ rq_bsize: 1024, rq_active: true, rq_bhardlimit: 2000, rq_bsoftlimit: 1000, rq_curblocks: 1100 },
        ...{ rq_fhardlimit: 20, rq_fsoftlimit: 10, rq_curfiles: 3, rq_btimeleft: 600, rq_ftimeleft: 0 },
      },
    });
    assert.deepEqual(server.asked.quotas, [{ kind: 0, id: 7 }]);
    assert.deepEqual(await run(server, 2, name, of(0, 7), { uid: 7 }), result);
  });

  test(`${name}: whoever may ask is answered, others Q_EPERM, and nothing is looked up for them`, async () => {
    const server = subject(() => none);
    const status = async (kind: number, id: number, who: Who) => (await run(server, 2, name, of(kind, id), who)).status;
    assert.equal(await status(0, 7, { uid: 7 }), types.Q_OK);
    assert.equal(await status(0, 7, { uid: 0 }), types.Q_OK);
    assert.equal(await status(1, 100, { uid: 7 }), types.Q_OK);
    assert.equal(await status(1, 200, { uid: 7, gids: [150, 200] }), types.Q_OK);
    assert.equal(await status(1, 300, { uid: 0 }), types.Q_OK);
    assert.equal(server.asked.quotas.length, 5);
    assert.equal(await status(0, 8, { uid: 7 }), types.Q_EPERM);
    assert.equal(await status(0, 0, { uid: 7 }), types.Q_EPERM);
    assert.equal(await status(1, 7, { uid: 7 }), types.Q_EPERM);
    assert.equal((await run(server, 1, name, ofUser(8), { uid: 7 })).status, types.Q_EPERM);
    assert.equal(server.asked.quotas.length, 5);
    assert.equal(server.asked.mounts.length, 5);
  });
}

test('GETQUOTA: ids beyond 2^31 are numbers like others, for version 1 knows only signed ones', async () => {
  const server = subject(() => none);
  await run(server, 1, 'RQUOTAPROC_GETQUOTA', ofUser(-2), { uid: 0xffff_fffe });
  assert.deepEqual(server.asked.quotas, [{ kind: 0, id: 0xffff_fffe }]);
});

test('GETQUOTA: the port does not matter, the path and the client’s address do', async () => {
  const server = subject(() => none);
  await run(server, 1, 'RQUOTAPROC_GETQUOTA', ofUser(7), { uid: 7 });
  assert.deepEqual(server.asked.mounts, [{ path: '/srv/home', port: 1 }]);
});

test('GETQUOTA where nothing is counted, nothing exported, of a kind that is not: Q_NOQUOTA', async () => {
  const get = async (server: ReturnType<typeof subject>, kind = 0) =>
    (await run(server, 2, 'RQUOTAPROC_GETQUOTA', of(kind, 0), { uid: 0 })).status;
  assert.equal(await get(subject(() => undefined)), types.Q_NOQUOTA);
  for (const code of ['ACCES', 'NOENT', 'NOTDIR', 'JUKEBOX'] as const) {
    assert.equal(await get(subject(() => none, code)), types.Q_NOQUOTA, code);
  }
  const failing = (code: FsErrorCode) => subject(() => Promise.reject(new FsError(code, 'quotactl')));
  assert.equal(await get(failing('IO')), types.Q_NOQUOTA);
  assert.equal(await get(failing('PERM')), types.Q_EPERM);
  assert.equal(
    await get(
      subject(() => none),
      2,
    ),
    types.Q_NOQUOTA,
  );
});

test('SETQUOTA, SETACTIVEQUOTA: Q_EPERM, also for root', async () => {
  const server = subject(() => none);
  const sqa_dqblk = {
    ...{ rq_bhardlimit: 1, rq_bsoftlimit: 1, rq_curblocks: 1, rq_fhardlimit: 1, rq_fsoftlimit: 1, rq_curfiles: 1 },
    ...{ rq_btimeleft: 0, rq_ftimeleft: 0 },
  };
  for (const name of ['RQUOTAPROC_SETQUOTA', 'RQUOTAPROC_SETACTIVEQUOTA']) {
    const args = { sqa_qcmd: 0, sqa_pathp: PATH, sqa_id: 7, sqa_type: 0, sqa_dqblk };
    for (const version of [1, 2] as const) {
      assert.deepEqual(await run(server, version, name, args, { uid: 0 }), { status: types.Q_EPERM });
    }
  }
  assert.deepEqual(server.asked.mounts, []);
});

test('SETQUOTA where it is allowed: for root by a privileged port alone, in blocks of 1 KiB', async () => {
  const server = subject(() => limited, undefined, true);
  const sqa_dqblk = {
    ...{ rq_bhardlimit: 2000, rq_bsoftlimit: 1000, rq_curblocks: 9, rq_fhardlimit: 20, rq_fsoftlimit: 10 },
    ...{ rq_curfiles: 9, rq_btimeleft: 9, rq_ftimeleft: 9 },
  };
  const args = { sqa_qcmd: 0, sqa_pathp: PATH, sqa_id: 7, sqa_type: 1, sqa_dqblk };
  const set = (version: 1 | 2, who: Who, port: number) => run(server, version, 'RQUOTAPROC_SETQUOTA', args, who, port);
  assert.deepEqual(await set(2, { uid: 7 }, 700), { status: types.Q_EPERM });
  assert.deepEqual(await set(2, { uid: 0 }, 40_000), { status: types.Q_EPERM });
  assert.deepEqual(server.asked.set, []);
  assert.equal((await set(2, { uid: 0 }, 700)).status, types.Q_OK);
  assert.equal((await set(1, { uid: 0 }, 700)).status, types.Q_OK);
  const limits = { hardBytes: 2_048_000n, softBytes: 1_024_000n, hardFiles: 20n, softFiles: 10n };
  assert.deepEqual(server.asked.set, [
    { kind: 1, id: 7, ...limits },
    { kind: 0, id: 7, ...limits },
  ]);
});

test('Without AUTH_SYS nobody is asked for: AUTH_TOOWEAK', async () => {
  const server = subject(() => none);
  const isTooWeak = (error: unknown) => error instanceof RpcRefusal && error.kind === 'auth' && error.status === 5;
  await assert.rejects(run(server, 1, 'RQUOTAPROC_GETQUOTA', ofUser(7), undefined), isTooWeak);
  const set = { sqa_qcmd: 0, sqa_pathp: PATH, sqa_id: 7, sqa_dqblk: rquotaOf(none, 0n) };
  await assert.rejects(run(server, 1, 'RQUOTAPROC_SETQUOTA', set, undefined), isTooWeak);
});

test('rquotad has the same five procedures in both versions', () => {
  for (const { program, name, procedures } of subject(() => none).programs) {
    assert.deepEqual([program, name], [100011, 'rquotad']);
    assert.deepEqual(
      procedures.map((row) => `${row.number} ${row.name.slice('RQUOTAPROC_'.length)}`),
      ['0 NULL', '1 GETQUOTA', '2 GETACTIVEQUOTA', '3 SETQUOTA', '4 SETACTIVEQUOTA'],
    );
    assert.equal(procedures[0]?.handle(undefined, undefined as never), undefined);
  }
});

test('rquota: sizes that 32 bits of 1 KiB do not hold are told in larger blocks, too large by less than one', () => {
  const size = fc.oneof(fc.bigInt({ min: 0n, max: 1n << 60n }), fc.bigInt({ min: 0n, max: 1n << 43n }));
  fc.assert(
    fc.property(size, size, size, (hardBytes, softBytes, usedBytes) => {
      const told = rquotaOf({ ...none, hardBytes, softBytes, usedBytes }, 0n);
      const block = BigInt(told.rq_bsize);
      assert.ok(block >= 1024n && block < 1n << 31n);
      for (const [blocks, exact] of [
        [told.rq_bhardlimit, hardBytes],
        [told.rq_bsoftlimit, softBytes],
        [told.rq_curblocks, usedBytes],
      ] as const) {
        assert.ok(blocks <= 0xffff_ffff);
        const error = BigInt(blocks) * block - exact;
        assert.ok(error >= 0n && error < block);
      }
    }),
  );
});

test('rquota: what is over is below zero, what never is the most there is, and nothing running is zero', () => {
  const left = (filesGrace: bigint) => rquotaOf({ ...none, filesGrace }, 5000n).rq_ftimeleft | 0;
  assert.deepEqual([0n, 6000n, 4000n, 5000n, 1n << 62n].map(left), [0, 1000, -1000, -1, 0x7fff_ffff]);
});

test('rquota: more files than 32 bits count are told as the largest number', () => {
  assert.equal(rquotaOf({ ...none, usedFiles: 1n << 40n }, 0n).rq_curfiles, 0xffff_ffff);
});

const quotaArgs = record({ gqa_pathp: bytes(0, 1024), gqa_type: fc.integer(), gqa_id: fc.integer() });
test('ext_getquota_args: what was written is read; longer paths and noise are refused', () => {
  fc.assert(
    fc.property(quotaArgs, fc.nat(), (value, cut) => {
      const writer = new XdrWriter();
      types.ext_getquota_args.write(writer, value);
      const whole = writer.toBuffer();
      assert.deepEqual(types.ext_getquota_args.read(new XdrReader(whole)), value);
      assert.throws(() => types.ext_getquota_args.read(new XdrReader(whole.subarray(0, cut % whole.length))), XdrError);
    }),
  );
  const writer = new XdrWriter();
  types.ext_getquota_args.write(writer, { gqa_pathp: Buffer.alloc(1025), gqa_type: 0, gqa_id: 0 });
  assert.throws(() => types.ext_getquota_args.read(new XdrReader(writer.toBuffer())), XdrError);
});

test('rquota: what was written is read', () => {
  const words = Object.fromEntries(
    ['bhardlimit', 'bsoftlimit', 'curblocks', 'fhardlimit', 'fsoftlimit', 'curfiles', 'btimeleft', 'ftimeleft'].map(
      (name) => [`rq_${name}`, word],
    ),
  );
  const rquota = fc.record({ rq_bsize: fc.integer(), rq_active: fc.boolean(), ...words }, { noNullPrototype: true });
  fc.assert(
    fc.property(rquota, (value) => {
      const writer = new XdrWriter();
      types.rquota.write(writer, value as types.rquota);
      assert.deepEqual(types.rquota.read(new XdrReader(writer.toBuffer())), value);
    }),
  );
});
