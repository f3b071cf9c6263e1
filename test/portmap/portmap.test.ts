import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portmapPrograms, Registry, servicesOf } from '../../src/portmap/index.ts';
import { mapping, netbuf, pmaplist, rpcb, rpcb_stat_byvers, rpcblist_ptr } from '../../src/portmap/types.ts';
import { encodeSockaddr } from '../../src/portmap/uaddr.ts';
import { AUTH_TOOWEAK, NO_REPLY, type Peer, RpcRefusal } from '../../src/rpc/index.ts';
import { XdrReader } from '../../src/xdr/index.ts';
import fc from '../properties.ts';
import { callRow, overWire } from '../rpc/row.ts';

const NFS = 100003;
const TCP = 6;
const UDP = 17;
const LOCAL_ROOT: Partial<Peer> = { address: '127.0.0.1', localAddress: '127.0.0.1', port: 700 };
const LOCAL_USER: Partial<Peer> = { ...LOCAL_ROOT, port: 40000 };
const SIX: Partial<Peer> = { address: '2001:db8::9', localAddress: '2001:db8::1' };
const nobody = { r_netid: '', r_addr: '', r_owner: '' };
const statd = { r_prog: 100024, r_vers: 1, r_netid: 'udp', r_addr: '0.0.0.0.2.88', r_owner: 'somebody' };

/** Our NFS versions 2 and 3 on every address, over TCP and UDP. */
function subject() {
  const listeners = (['tcp', 'udp'] as const).map((transport) => ({ transport, address: '::', port: 2049 }));
  const versions = [2, 3].map((version) => ({ program: NFS, version }));
  const programs = portmapPrograms(new Registry(servicesOf(versions, listeners), 'superuser'), () => 1_700_000_000_999);
  return (version: number, name: string, args?: unknown, from?: Partial<Peer>) =>
    callRow(programs, version, name, args, from);
}

test('NULL: void, in versions 2, 3 and 4 (RFC 1833)', async () => {
  const call = subject();
  assert.equal(await call(2, 'PMAPPROC_NULL'), undefined);
  assert.equal(await call(3, 'RPCBPROC_NULL'), undefined);
  assert.equal(await call(4, 'RPCBPROC_NULL'), undefined);
});

test('GETPORT: the port, of any version if that one is not there, zero for no program and no such protocol (§3.2)', async () => {
  const call = subject();
  const ask = (prog: number, vers: number, prot: number) => call(2, 'PMAPPROC_GETPORT', { prog, vers, prot, port: 0 });
  assert.equal(await ask(NFS, 3, TCP), 2049);
  assert.equal(await ask(NFS, 3, UDP), 2049);
  assert.equal(await ask(NFS, 4, TCP), 2049);
  assert.equal(await ask(100021, 4, TCP), 0);
  assert.equal(await ask(NFS, 3, 132), 0);
});

test('SET and UNSET: from loopback, seen by GETPORT and gone again (§3.2)', async () => {
  const call = subject();
  const statd = { prog: 100024, vers: 1, prot: UDP, port: 600 };
  assert.equal(await call(2, 'PMAPPROC_SET', statd, LOCAL_USER), true);
  assert.equal(await call(2, 'PMAPPROC_SET', statd, LOCAL_USER), true);
  assert.equal(await call(2, 'PMAPPROC_SET', { ...statd, port: 601 }, LOCAL_USER), false);
  assert.equal(await call(2, 'PMAPPROC_GETPORT', { ...statd, port: 0 }), 600);
  assert.equal(await call(2, 'PMAPPROC_UNSET', { ...statd, prot: 0, port: 0 }, LOCAL_USER), true);
  assert.equal(await call(2, 'PMAPPROC_GETPORT', { ...statd, port: 0 }), 0);
});

test('SET and UNSET from another host: false, and nothing changes (§3.2, §2.2.1)', async () => {
  const call = subject();
  const statd2 = { prog: 100024, vers: 1, prot: UDP, port: 600 };
  const before = await call(4, 'RPCBPROC_DUMP');
  for (const from of [{}, SIX, { address: '128.0.0.1' }, { address: '::ffff:7f00:1' }, { address: '::2' }]) {
    assert.equal(await call(2, 'PMAPPROC_SET', statd2, from), false);
    assert.equal(await call(2, 'PMAPPROC_UNSET', { ...statd2, prog: NFS, vers: 3 }, from), false);
    assert.equal(await call(4, 'RPCBPROC_SET', statd, from), false);
    assert.equal(await call(4, 'RPCBPROC_UNSET', { ...statd, r_prog: NFS, r_vers: 3 }, from), false);
  }
  assert.deepEqual(await call(4, 'RPCBPROC_DUMP'), before);
});

test('SET: no port, a port too large, a protocol or address that is none: false (§3.2, §2.2.1)', async () => {
  const call = subject();
  for (const wrong of [
    { prog: 1, vers: 1, prot: UDP, port: 0 },
    { prog: 1, vers: 1, prot: UDP, port: 65536 },
    { prog: 1, vers: 1, prot: 132, port: 600 },
  ]) {
    assert.equal(await call(2, 'PMAPPROC_SET', wrong, LOCAL_ROOT), false);
  }
  for (const wrong of [
    { ...statd, r_netid: 'local', r_addr: '/run/x' },
    { ...statd, r_netid: 'udp6' },
    { ...statd, r_addr: '0.0.0.0.0.0' },
    { ...statd, r_addr: '' },
  ]) {
    assert.equal(await call(4, 'RPCBPROC_SET', wrong, LOCAL_ROOT), false);
  }
});

test('SET: the owner is who the caller is, not who it says; UNSET of another’s is refused (§2.2.1)', async () => {
  const call = subject();
  assert.equal(await call(3, 'RPCBPROC_SET', statd, { ...LOCAL_ROOT, address: '::1', localAddress: '::1' }), true);
  assert.equal(await call(3, 'RPCBPROC_UNSET', statd, LOCAL_USER), false);
  const dumped = (await call(3, 'RPCBPROC_DUMP')) as { r_prog: number; r_owner: string }[];
  assert.equal(dumped.find(({ r_prog }) => r_prog === 100024)?.r_owner, 'superuser');
  assert.equal(await call(4, 'RPCBPROC_UNSET', { ...statd, r_netid: '' }, LOCAL_ROOT), true);
  assert.equal(await call(4, 'RPCBPROC_UNSET', { ...statd, r_netid: 'ipx' }, LOCAL_ROOT), true);
});

test('UNSET of one of our own services, even by root of this host: false', async () => {
  const call = subject();
  assert.equal(await call(2, 'PMAPPROC_UNSET', { prog: NFS, vers: 3, prot: TCP, port: 2049 }, LOCAL_ROOT), false);
  assert.equal(await call(4, 'RPCBPROC_UNSET', { ...nobody, r_prog: NFS, r_vers: 3 }, LOCAL_ROOT), false);
});

test('DUMP: version 2 has IPv4 alone, versions 3 and 4 have all (§3.2, §2.2.1)', async () => {
  const call = subject();
  const old = (await call(2, 'PMAPPROC_DUMP')) as { vers: number; prot: number; port: number }[];
  assert.deepEqual(
    old.map(({ vers, prot, port }) => [vers, prot, port]),
    [
      [2, TCP, 2049],
      [2, UDP, 2049],
      [3, TCP, 2049],
      [3, UDP, 2049],
    ],
  );
  const all = (await call(3, 'RPCBPROC_DUMP')) as { r_vers: number; r_netid: string; r_addr: string }[];
  assert.deepEqual(all.map(({ r_vers, r_netid, r_addr }) => `${r_vers} ${r_netid} ${r_addr}`).sort(), [
    '2 tcp 0.0.0.0.8.1',
    '2 tcp6 ::.8.1',
    '2 udp 0.0.0.0.8.1',
    '2 udp6 ::.8.1',
    '3 tcp 0.0.0.0.8.1',
    '3 tcp6 ::.8.1',
    '3 udp 0.0.0.0.8.1',
    '3 udp6 ::.8.1',
  ]);
});

test('DUMP and GETSTAT over UDP: refused to other hosts, so that nobody is flooded with them; answered to this one', async () => {
  const call = subject();
  const tooWeak = (error: unknown) => error instanceof RpcRefusal && error.status === AUTH_TOOWEAK;
  for (const [version, name] of [
    [2, 'PMAPPROC_DUMP'],
    [3, 'RPCBPROC_DUMP'],
    [4, 'RPCBPROC_DUMP'],
    [4, 'RPCBPROC_GETSTAT'],
  ] as const) {
    await assert.rejects(call(version, name, undefined, { transport: 'udp' }), tooWeak);
    assert.ok(await call(version, name, undefined, { ...LOCAL_USER, transport: 'udp' }));
  }
});

test('GETADDR: the address by which the caller came, by the transport it came (§2.2.1)', async () => {
  const call = subject();
  const ask = (from: Partial<Peer>, r_netid = '') =>
    call(4, 'RPCBPROC_GETADDR', { ...nobody, r_netid, r_prog: NFS, r_vers: 3 }, from);
  assert.equal(await ask({}), '192.0.2.1.8.1');
  assert.equal(await ask({ transport: 'udp', localAddress: '192.0.2.77' }), '192.0.2.77.8.1');
  assert.equal(await ask(SIX), '2001:db8::1.8.1');
  assert.equal(await ask({ address: 'fe80::2%eth0', localAddress: 'fe80::1%eth0' }), 'fe80::1.8.1');
  // r_netid is ignored: the answer is for the transport of the call.
  assert.equal(await ask({}, 'udp6'), '192.0.2.1.8.1');
});

test('GETADDR: a service on one address keeps it; empty for a transport or program that is not there (§2.2.1)', async () => {
  const call = subject();
  await call(4, 'RPCBPROC_SET', { ...statd, r_addr: '127.0.0.1.2.88' }, LOCAL_ROOT);
  const ask = (from: Partial<Peer>) => call(3, 'RPCBPROC_GETADDR', { ...nobody, r_prog: 100024, r_vers: 1 }, from);
  assert.equal(await ask({ transport: 'udp' }), '127.0.0.1.2.88');
  assert.equal(await ask({ transport: 'tcp' }), '');
  assert.equal(await ask({ ...SIX, transport: 'udp' }), '');
  assert.equal(await call(3, 'RPCBPROC_GETADDR', { ...nobody, r_prog: 5, r_vers: 1 }), '');
});

test('GETADDR answers with any version, GETVERSADDR with the one asked for alone (§2.2.1)', async () => {
  const call = subject();
  const version4 = { ...nobody, r_prog: NFS, r_vers: 4 };
  assert.equal(await call(3, 'RPCBPROC_GETADDR', version4), '192.0.2.1.8.1');
  assert.equal(await call(4, 'RPCBPROC_GETADDR', version4), '192.0.2.1.8.1');
  assert.equal(await call(4, 'RPCBPROC_GETVERSADDR', version4), '');
  assert.equal(await call(4, 'RPCBPROC_GETVERSADDR', { ...version4, r_vers: 2 }), '192.0.2.1.8.1');
});

test('GETADDRLIST: every transport of the caller’s family, of that version alone (§2.2.1)', async () => {
  const call = subject();
  const ask = (r_vers: number, from: Partial<Peer>) =>
    call(4, 'RPCBPROC_GETADDRLIST', { ...nobody, r_prog: NFS, r_vers }, from);
  assert.deepEqual(await ask(3, SIX), [
    { r_maddr: '2001:db8::1.8.1', r_nc_netid: 'tcp6', r_nc_semantics: 3, r_nc_protofmly: 'inet6', r_nc_proto: 'tcp' },
    { r_maddr: '2001:db8::1.8.1', r_nc_netid: 'udp6', r_nc_semantics: 1, r_nc_protofmly: 'inet6', r_nc_proto: 'udp' },
  ]);
  assert.equal(((await ask(3, {})) as unknown[]).length, 2);
  assert.deepEqual(await ask(4, {}), []);
});

test('CALLIT and BCAST: silence, whatever they carry; INDIRECT: no such procedure (§2.2.1, §3.2)', async () => {
  const call = subject();
  assert.equal(await call(2, 'PMAPPROC_CALLIT'), NO_REPLY);
  assert.equal(await call(3, 'RPCBPROC_CALLIT'), NO_REPLY);
  assert.equal(await call(4, 'RPCBPROC_BCAST'), NO_REPLY);
  const programs = portmapPrograms(new Registry());
  assert.ok(programs.every(({ procedures }) => procedures.every((row) => row.number !== 10)));
});

test('CALLIT: arguments of any length are read to their end', () => {
  const [v2] = portmapPrograms(new Registry());
  const row = v2?.procedures.find(({ name }) => name === 'PMAPPROC_CALLIT');
  assert.ok(row !== undefined);
  for (const length of [0, 1, 16, 1001]) {
    const reader = new XdrReader(Buffer.alloc(length, 0xee));
    row.args.read(reader);
    reader.finish();
  }
});

test('GETTIME: seconds (§2.2.1)', async () => {
  assert.equal(await subject()(4, 'RPCBPROC_GETTIME'), 1_700_000_000);
});

test('UADDR2TADDR and TADDR2UADDR: there and back, in the family of the call; empty for what is none (§2.2.1)', async () => {
  const call = subject();
  const taddr = (await call(3, 'RPCBPROC_UADDR2TADDR', '192.0.2.1.8.1')) as { maxlen: number; buf: Buffer };
  assert.deepEqual(taddr, { maxlen: 16, buf: encodeSockaddr({ address: '192.0.2.1', port: 2049 }) });
  assert.equal(await call(3, 'RPCBPROC_TADDR2UADDR', taddr), '192.0.2.1.8.1');
  const six = await call(4, 'RPCBPROC_UADDR2TADDR', '2001:db8::1.8.1', SIX);
  assert.equal(await call(4, 'RPCBPROC_TADDR2UADDR', six, SIX), '2001:db8::1.8.1');
  assert.equal(await call(4, 'RPCBPROC_TADDR2UADDR', six), '');
  assert.deepEqual(await call(4, 'RPCBPROC_UADDR2TADDR', 'nonsense'), { maxlen: 0, buf: Buffer.alloc(0) });
});

test('GETSTAT: what was called and looked up, for each version (§2.2.1)', async () => {
  const call = subject();
  await call(2, 'PMAPPROC_GETPORT', { prog: NFS, vers: 3, prot: TCP, port: 0 });
  await call(2, 'PMAPPROC_GETPORT', { prog: 7, vers: 1, prot: UDP, port: 0 });
  await call(4, 'RPCBPROC_SET', statd, LOCAL_ROOT);
  await call(4, 'RPCBPROC_UNSET', statd, LOCAL_ROOT);
  await call(4, 'RPCBPROC_SET', statd, {});
  const [two, three, four] = (await call(4, 'RPCBPROC_GETSTAT')) as {
    info: number[];
    setinfo: number;
    unsetinfo: number;
    addrinfo: object[];
  }[];
  assert.ok(two && three && four);
  assert.deepEqual(two.info, [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(two.addrinfo, [
    { prog: NFS, vers: 3, success: 1, failure: 0, netid: 'tcp' },
    { prog: 7, vers: 1, success: 0, failure: 1, netid: 'udp' },
  ]);
  assert.deepEqual([four.setinfo, four.unsetinfo, four.info[1], four.info[12]], [1, 1, 2, 1]);
  assert.equal(three.setinfo, 0);
});

test('GETSTAT: look-ups of ever other programs do not make it grow without end', async () => {
  const call = subject();
  for (let prog = 0; prog < 400; prog++) await call(2, 'PMAPPROC_GETPORT', { prog, vers: 1, prot: TCP, port: 0 });
  const [two] = (await call(4, 'RPCBPROC_GETSTAT')) as { addrinfo: object[] }[];
  assert.equal(two?.addrinfo.length, 256);
});

test('the wire types of RFC 1833 are read as they are written', () => {
  const word = fc.nat(0xffff_ffff);
  const int = fc.nat(0x7fff_ffff);
  const text = fc.string({ maxLength: 100 });
  const aMapping = fc.record({ prog: word, vers: word, prot: word, port: word });
  const anRpcb = fc.record({ r_prog: word, r_vers: word, r_netid: text, r_addr: text, r_owner: text });
  const anAddress = fc.record({ prog: word, vers: word, success: int, failure: int, netid: text });
  const aCall = fc.record({
    prog: word,
    vers: word,
    proc: word,
    success: int,
    failure: int,
    indirect: int,
    netid: text,
  });
  const aStat = fc.record({
    info: fc.array(int, { minLength: 13, maxLength: 13 }),
    setinfo: int,
    unsetinfo: int,
    addrinfo: fc.array(anAddress, { maxLength: 3 }),
    rmtinfo: fc.array(aCall, { maxLength: 3 }),
  });
  fc.assert(fc.property(aMapping, (value) => assert.deepEqual(overWire(mapping, value), { ...value })));
  fc.assert(
    fc.property(fc.array(aMapping), (value) =>
      assert.deepEqual(
        overWire(pmaplist, value),
        value.map((entry) => ({ ...entry })),
      ),
    ),
  );
  fc.assert(fc.property(anRpcb, (value) => assert.deepEqual(overWire(rpcb, value), { ...value })));
  fc.assert(
    fc.property(fc.array(anRpcb), (value) =>
      assert.deepEqual(
        overWire(rpcblist_ptr, value),
        value.map((entry) => ({ ...entry })),
      ),
    ),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 128 }), word, (bytes, maxlen) => {
      const buf = Buffer.from(bytes);
      assert.deepEqual(overWire(netbuf, { maxlen, buf }), { maxlen, buf });
    }),
  );
  fc.assert(
    fc.property(fc.tuple(aStat, aStat, aStat), (value) =>
      assert.equal(JSON.stringify(overWire(rpcb_stat_byvers, value)), JSON.stringify(value)),
    ),
  );
});
