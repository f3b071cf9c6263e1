import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Exports, File, View } from '../../../src/exports/contract.ts';
import { nfs3Program } from '../../../src/nfs/v3/program.ts';
import { AUTH_SYS, type Call } from '../../../src/rpc/index.ts';
import {
  type Attributes,
  type FileSystem,
  FileType,
  FsError,
  type FsErrorCode,
  type Inode,
} from '../../../src/vfs/index.ts';
import { noExports } from '../exports.ts';
import { statusName } from './harness.ts';

const attributes: Attributes = {
  type: FileType.REG,
  mode: 0o644,
  nlink: 1,
  uid: 0,
  gid: 0,
  size: 1,
  used: 512,
  rdevMajor: 0,
  rdevMinor: 0,
  fileidHigh: 0,
  fileidLow: 7,
  atimeSeconds: 1,
  atimeNanoseconds: 2,
  mtimeSeconds: 3,
  mtimeNanoseconds: 4,
  ctimeSeconds: 5,
  ctimeNanoseconds: 6,
};
const handle = Buffer.from('handle');
const inodeOf = (type: FileType): Inode => ({ body: Buffer.alloc(9), type, closed: false, handle });
const call: Call = {
  xid: 1,
  program: 100003,
  version: 3,
  procedure: 0,
  credential: { flavor: AUTH_SYS, unix: undefined },
  peer: { transport: 'tcp', address: '::1', port: 1, localAddress: '::1', localPort: 2049, maxData: 1 << 20 },
};

/** Exports with one file of this type behind every handle; of its view and file system only what is given. */
function exportsOf(type: FileType, view: Partial<View>, fileSystem: Partial<FileSystem> = {}): Exports {
  const file = {
    inode: inodeOf(type),
    view: { fsidHigh: 0, fsidLow: 1, fileSystem, attributes: () => attributes, ...view },
  } as File;
  return { ...noExports, file: () => file, handleOf: () => handle };
}

function run(exports: Exports, name: string, args: unknown): unknown {
  const row = nfs3Program(exports).procedures.find((candidate) => candidate.name === name)!;
  return row.handle(args, call);
}

const change = { before: undefined, after: attributes };
const limits = { maxNameBytes: 255 } as FileSystem['limits'];
const found = { inode: inodeOf(FileType.REG), attributes, directory: attributes };
const data = Buffer.from('x');

for (const [name, type, view, args] of [
  ['GETATTR', FileType.REG, {}, { object: handle }],
  [
    'LOOKUP',
    FileType.DIR,
    { lookup: () => ({ ...found, view: { fsidHigh: 0, fsidLow: 1 } as View }) },
    { what: { dir: handle, name: Buffer.from('x') } },
  ],
  ['ACCESS', FileType.REG, { access: () => ({ granted: 1, attributes }) }, { object: handle, access: 1 }],
  ['READ', FileType.REG, { read: () => ({ data, eof: true, attributes }) }, { file: handle, offset: 0, count: 1 }],
  [
    'WRITE',
    FileType.REG,
    { write: () => ({ count: 1, committed: 0, file: change }) },
    { file: handle, offset: 0, count: 1, stable: 0, data: [data] },
  ],
] as const) {
  test(`${name}: answered at once when the file system answers at once, also when it fails`, () => {
    const fileSystem: Partial<FileSystem> = { limits, writeVerifier: Buffer.alloc(8) };
    const done = run(exportsOf(type, view as Partial<View>, fileSystem), name, args) as { status: number };
    assert.ok(!(done instanceof Promise));
    assert.equal(statusName(done.status), 'NFS3_OK');

    const failing = Object.fromEntries(Object.keys(view).map((operation) => [operation, refuse('IO')]));
    const refused = name === 'GETATTR' ? { attributes: refuse('IO') } : failing;
    const failed = run(exportsOf(type, refused, fileSystem), name, args) as { status: number };
    assert.ok(!(failed instanceof Promise));
    assert.equal(statusName(failed.status), 'NFS3ERR_IO');
  });
}

function refuse(code: FsErrorCode): () => never {
  return () => {
    throw new FsError(code, 'test');
  };
}

test('a fault of ours is not made a status: it goes through as it is, thrown or rejected', async () => {
  const fault = new TypeError('a fault');
  const thrown = () => {
    throw fault;
  };
  const rejected = () => Promise.reject(fault);
  assert.throws(() => run(exportsOf(FileType.REG, { attributes: thrown }), 'GETATTR', { object: handle }), fault);
  await assert.rejects(
    async () => run(exportsOf(FileType.REG, { attributes: rejected }), 'GETATTR', { object: handle }),
    fault,
  );
  const names = { from: { dir: handle, name: data }, to: { dir: handle, name: data } };
  for (const rename of [thrown, rejected]) {
    await assert.rejects(async () => run(exportsOf(FileType.DIR, { rename }, { limits }), 'RENAME', names), fault);
  }
});

test('a fault of ours while a failure’s attributes are asked for goes through too', async () => {
  const fault = new TypeError('a fault');
  for (const attributesFail of [() => Promise.reject(fault), () => assert.fail(fault)]) {
    const exports = exportsOf(FileType.REG, { access: refuse('IO'), attributes: attributesFail });
    await assert.rejects(async () => run(exports, 'ACCESS', { object: handle, access: 1 }), fault);
  }
});

test('a failure that comes later is answered as one that comes at once', async () => {
  const later = (code: FsErrorCode) => () => Promise.reject(new FsError(code, 'test'));
  const exports = exportsOf(FileType.REG, { access: later('ACCES'), attributes: later('STALE') });
  assert.deepEqual(await run(exports, 'ACCESS', { object: handle, access: 1 }), {
    status: 13,
    obj_attributes: undefined,
  });
  const nowhere: Exports = { ...noExports, file: later('JUKEBOX') };
  assert.deepEqual(await run(nowhere, 'GETATTR', { object: handle }), { status: 10008 });
});

test('WRITE: the verifier of before the write, COMMIT: that of after the flush, so that data lost between is seen (§3.3.7)', async () => {
  const [older, newer] = [Buffer.alloc(8, 1), Buffer.alloc(8, 2)];
  const fileSystem = { limits, writeVerifier: older };
  const flushFails = async () => {
    fileSystem.writeVerifier = newer;
    return { count: 1, committed: 0 as const, file: change };
  };
  const args = { file: handle, offset: 0, count: 1, stable: 0, data: [data] };
  const written = await run(exportsOf(FileType.REG, { write: flushFails }, fileSystem), 'WRITE', args);
  assert.deepEqual((written as { verf: Buffer }).verf, older);

  fileSystem.writeVerifier = older;
  const commit = async () => {
    fileSystem.writeVerifier = newer;
    return change;
  };
  const committed = await run(exportsOf(FileType.REG, { commit }, fileSystem), 'COMMIT', {
    file: handle,
    offset: 0,
    count: 0,
  });
  assert.deepEqual((committed as { verf: Buffer }).verf, newer);
});
