import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exports as exportsType, fhstatus, mountlist, mountres3 } from '../../src/mount/types.ts';
import { RpcRefusal, SYSTEM_ERR } from '../../src/rpc/index.ts';
import { FsError, type FsErrorCode } from '../../src/vfs/index.ts';
import { XdrError } from '../../src/xdr/index.ts';
import fc from '../properties.ts';
import { overWire } from '../rpc/row.ts';
import { subject } from './fakes.ts';

const SRV = Buffer.from('/srv');
const HANDLE = Buffer.alloc(27, 7);

test('NULL: void, in versions 1, 2 and 3 (RFC 1094 §A.5, RFC 1813 §5.2)', async () => {
  const { call } = subject();
  assert.equal(await call(1, 'MOUNTPROC_NULL'), undefined);
  assert.equal(await call(2, 'MOUNTPROC_NULL'), undefined);
  assert.equal(await call(3, 'MOUNTPROC3_NULL'), undefined);
});

test('MNT v3: the handle and AUTH_SYS, a line in the table and one in the log (§5.2.1)', async () => {
  const { call, exports, mounts, log } = subject();
  exports.files.set('/srv', HANDLE);
  assert.deepEqual(await call(3, 'MOUNTPROC3_MNT', SRV), { status: 0, fhandle: HANDLE, auth_flavors: [1] });
  assert.deepEqual(
    mounts.list().map(({ client, path }) => [client, path.toString()]),
    [['192.0.2.9', '/srv']],
  );
  assert.deepEqual(log.lines, [
    { details: { client: '192.0.2.9', path: '/srv', mountVersion: 3 }, message: 'mounted' },
  ]);
});

test('MNT v3: every status, none of which leaves a line in the table (§5.2.1)', async () => {
  const statuses: Partial<Record<FsErrorCode, number>> = {
    PERM: 1,
    NOENT: 2,
    IO: 5,
    NXIO: 5,
    ACCES: 13,
    NOTDIR: 20,
    INVAL: 22,
    NAMETOOLONG: 63,
    STALE: 2,
    NOTSUPP: 10004,
    JUKEBOX: 10006,
    DQUOT: 10006,
  };
  for (const [code, status] of Object.entries(statuses)) {
    const { call, exports, mounts, log } = subject();
    exports.files.set('/srv', new FsError(code as FsErrorCode, 'open'));
    assert.deepEqual(await call(3, 'MOUNTPROC3_MNT', SRV), { status });
    assert.deepEqual(await call(1, 'MOUNTPROC_MNT', SRV), { status });
    assert.equal(mounts.size, 0);
    assert.deepEqual(
      log.lines.map(({ message }) => message),
      ['mount refused', 'mount refused'],
    );
  }
});

test('MNT: the log says why a mount was refused', async () => {
  const { call, exports, log } = subject();
  exports.files.set('/srv', new FsError('ACCES', 'the client is not in the exports'));
  await call(3, 'MOUNTPROC3_MNT', SRV);
  await call(3, 'MOUNTPROC3_MNT', Buffer.from('/nowhere'));
  exports.files.set('/odd', new FsError('IO', 'open'));
  await call(3, 'MOUNTPROC3_MNT', Buffer.from('/odd'));
  assert.deepEqual(
    log.lines.map(({ details }) => 'reason' in details && details.reason),
    ['the client is not in the exports: ACCES', 'no such directory, or none that is exported', 'open: IO'],
  );
});

test('MNT: a fault of ours is not taken for a refusal', async () => {
  const { call, exports, mounts } = subject();
  const fault = new TypeError('a mistake');
  exports.files.set('/srv', fault);
  await assert.rejects(call(3, 'MOUNTPROC3_MNT', SRV) as Promise<unknown>, fault);
  assert.equal(mounts.size, 0);
});

test('MNT: a path of any bytes, up to 1024 of them; one more is GARBAGE_ARGS (§5.1.3)', async () => {
  const { call, exports, mounts } = subject();
  const longest = Buffer.from(`/${'\xff'.repeat(1023)}`, 'latin1');
  exports.files.set(longest.toString('latin1'), HANDLE);
  assert.deepEqual(await call(3, 'MOUNTPROC3_MNT', longest), { status: 0, fhandle: HANDLE, auth_flavors: [1] });
  assert.deepEqual(mounts.list()[0]?.path, longest);
  await assert.rejects(call(3, 'MOUNTPROC3_MNT', Buffer.alloc(1025, 0x2f)) as Promise<unknown>, XdrError);
});

test('MNT v1: the handle in the 32 bytes that NFSv2 has (RFC 1094 §A.5)', async () => {
  const { call, exports, mounts } = subject();
  exports.files.set('/short', HANDLE);
  exports.files.set('/exact', Buffer.alloc(32, 8));
  const padded = Buffer.concat([HANDLE, Buffer.alloc(5)]);
  assert.deepEqual(await call(1, 'MOUNTPROC_MNT', Buffer.from('/short')), { status: 0, directory: padded });
  assert.deepEqual(await call(2, 'MOUNTPROC_MNT', Buffer.from('/exact')), {
    status: 0,
    directory: Buffer.alloc(32, 8),
  });
  assert.equal(mounts.size, 2);
});

test('UMNT: takes away the caller’s own line and no other; an unknown one is no error (§5.2.3)', async () => {
  const { call, mounts } = subject();
  mounts.add('192.0.2.9', SRV);
  mounts.add('192.0.2.9', Buffer.from('/home'));
  mounts.add('2001:db8::9', SRV);
  assert.equal(await call(3, 'MOUNTPROC3_UMNT', SRV), undefined);
  assert.equal(await call(1, 'MOUNTPROC_UMNT', Buffer.from('/never')), undefined);
  assert.deepEqual(
    mounts.list().map(({ client, path }) => `${client} ${path}`),
    ['192.0.2.9 /home', '2001:db8::9 /srv'],
  );
});

test('UMNTALL: takes away all lines of the caller and no other (§5.2.4)', async () => {
  const { call, mounts } = subject();
  mounts.add('192.0.2.9', SRV);
  mounts.add('192.0.2.9', Buffer.from('/home'));
  mounts.add('192.0.2.10', SRV);
  assert.equal(await call(3, 'MOUNTPROC3_UMNTALL'), undefined);
  assert.deepEqual(
    mounts.list().map(({ client }) => client),
    ['192.0.2.10'],
  );
  assert.equal(await call(1, 'MOUNTPROC_UMNTALL', undefined, { address: '192.0.2.10' }), undefined);
  assert.equal(mounts.size, 0);
});

test('DUMP: every line, oldest first (§5.2.2)', async () => {
  const { call, mounts } = subject();
  assert.deepEqual(await call(3, 'MOUNTPROC3_DUMP'), []);
  mounts.add('2001:db8::9', SRV);
  mounts.add('192.0.2.9', Buffer.from([0x2f, 0xff]));
  const lines = [
    { ml_hostname: Buffer.from('2001:db8::9'), ml_directory: SRV },
    { ml_hostname: Buffer.from('192.0.2.9'), ml_directory: Buffer.from([0x2f, 0xff]) },
  ];
  for (const version of [1, 2]) assert.deepEqual(await call(version, 'MOUNTPROC_DUMP'), lines);
  assert.deepEqual(await call(3, 'MOUNTPROC3_DUMP'), lines);
});

test('EXPORT and EXPORTALL: the paths with their hosts, none for everyone (§5.2.5)', async () => {
  const { call, exports } = subject();
  exports.exported = [
    { path: '/srv', hosts: ['192.0.2.0/24', '*.example.org'] },
    { path: '/päth', hosts: [] },
  ];
  const list = [
    { ex_dir: SRV, ex_groups: [Buffer.from('192.0.2.0/24'), Buffer.from('*.example.org')] },
    { ex_dir: Buffer.from('/päth'), ex_groups: [] },
  ];
  for (const name of ['MOUNTPROC_EXPORT', 'MOUNTPROC_EXPORTALL']) assert.deepEqual(await call(1, name), list);
  assert.deepEqual(await call(3, 'MOUNTPROC3_EXPORT'), list);
});

test('EXPORTALL is no procedure of version 3 (§5.2)', () => {
  const { programs } = subject();
  const numbers = programs.map(({ version, procedures }) => [
    version,
    Math.max(...procedures.map((row) => row.number)),
  ]);
  assert.deepEqual(numbers, [
    [1, 6],
    [2, 6],
    [3, 5],
  ]);
});

test('DUMP and EXPORT: a list too long for a datagram is refused there and whole over TCP', async () => {
  const { call, exports, mounts } = subject();
  for (let i = 0; i < 1000; i++) mounts.add(`192.0.2.${i}`, SRV);
  exports.exported = Array.from({ length: 1000 }, (_, i) => ({ path: `/srv/${i}`, hosts: ['*'] }));
  const refused = (error: unknown) => error instanceof RpcRefusal && error.status === SYSTEM_ERR;
  for (const name of ['MOUNTPROC3_DUMP', 'MOUNTPROC3_EXPORT']) {
    await assert.rejects(call(3, name, undefined, { transport: 'udp' }) as Promise<unknown>, refused);
    assert.equal(((await call(3, name)) as unknown[]).length, 1000);
  }
});

test('DUMP and EXPORT over UDP: refused above 8800 bytes of reply, and not a byte earlier', async () => {
  const { call, exports } = subject();
  // 4 for the end of the list, 12 and the path for one export without hosts.
  for (const [bytes, fits] of [
    [8800, true],
    [8804, false],
  ] as const) {
    exports.exported = Array.from({ length: 8 }, () => ({ path: 'p'.repeat(1024), hosts: [] }));
    exports.exported.push({ path: 'p'.repeat(bytes - 4 - 12 - 8 * (12 + 1024)), hosts: [] });
    const writtenBytes = exports.exported.reduce((sum, { path }) => sum + 12 + path.length, 4);
    assert.equal(writtenBytes, bytes);
    const asked = call(3, 'MOUNTPROC3_EXPORT', undefined, { transport: 'udp' });
    if (fits) assert.equal(((await asked) as unknown[]).length, 9);
    else await assert.rejects(asked as Promise<unknown>, RpcRefusal);
  }
});

test('the wire types of MOUNT are read as they are written', () => {
  const bytes = (max: number) => fc.uint8Array({ maxLength: max }).map((raw) => Buffer.from(raw));
  const failed = fc.constantFrom(1, 2, 5, 13, 20, 22, 63, 10004, 10006).map((status) => ({ status }));
  const mounted = fc.record({
    status: fc.constant(0),
    fhandle: bytes(64),
    auth_flavors: fc.array(fc.nat(0xffff_ffff), { maxLength: 32 }),
  });
  const old = fc.record({
    status: fc.constant(0),
    directory: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((raw) => Buffer.from(raw)),
  });
  const line = fc.record({ ml_hostname: bytes(255), ml_directory: bytes(1024) });
  const exported = fc.record({ ex_dir: bytes(1024), ex_groups: fc.array(bytes(255), { maxLength: 4 }) });
  const same = (type: Parameters<typeof overWire>[0], value: unknown) =>
    assert.deepEqual(structuredClone(overWire(type, value)), structuredClone(value));
  fc.assert(fc.property(fc.oneof(mounted, failed), (value) => same(mountres3 as never, value)));
  fc.assert(fc.property(fc.oneof(old, failed), (value) => same(fhstatus as never, value)));
  fc.assert(fc.property(fc.array(line, { maxLength: 5 }), (value) => same(mountlist as never, value)));
  fc.assert(fc.property(fc.array(exported, { maxLength: 5 }), (value) => same(exportsType as never, value)));
});
