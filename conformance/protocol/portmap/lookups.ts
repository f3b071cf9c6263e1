import { linux, must } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, NotApplicable, present } from '../expect.ts';
import { attributesOf, newFile } from '../nfs3/tools.ts';
import { RPCB4 } from '../programs/portmap.ts';
import { answerTo, words } from '../rpc-layer/tools.ts';
import {
  endpointOf,
  NFS_PROGRAM,
  nfsAnswersAt,
  nfsPort,
  PORTMAPPER,
  pmap,
  portmapCases,
  type Rpcbind,
  rpcbind,
  rpcbind4,
  spareProgram,
  uaddrOf,
  wanted,
} from './tools.ts';

const MOST_SECONDS_APART = 60;
/** `nc_semantics` of netconfig(5): connectionless; connection-oriented, without and with orderly release. */
const CONNECTIONLESS = 1;
const CONNECTION_ORIENTED = [2, 3];
const BAD_ADDRESSES = ['', '1.2.3', 'a.b.c.d.1.1', '1.2.3.4.999.1', '1.2.3.4.8', 'nonsense', '%n%s', '.'.repeat(200)];

/** A universal address leads to where the program answers. */
async function leadsToNfs(uaddr: string): Promise<void> {
  const { host, port } = endpointOf(uaddr);
  await nfsAnswersAt(host, port);
}

const nfs = (netid = 'tcp') => wanted(NFS_PROGRAM, 3, { netid });

/** What versions 3 and 4 have in common. */
export const rpcbindLookups = (program: Rpcbind) => [
  ...portmapCases(program, 'GETADDR', [
    must('nfs', 'the address that it gives for NFSv3 leads to NFSv3', async (t) => {
      await nfsPort(t);
      await leadsToNfs(await (await rpcbind(t, program)).GETADDR(nfs()));
    }),
    must('same-port', 'the port is the one that version 2 gives', async (t) => {
      const port = await nfsPort(t);
      equal('port', endpointOf(await (await rpcbind(t, program)).GETADDR(nfs())).port, port);
    }),
    must('reachable', 'the address is one to call, not 0.0.0.0', async (t) => {
      await nfsPort(t);
      const { host } = endpointOf(await (await rpcbind(t, program)).GETADDR(nfs()));
      check(host !== '0.0.0.0' && host !== '::', 'an address of the server', host);
    }),
    must('ipv6', 'asked by IPv6: an IPv6 address', { needs: ['ipv6'] }, async (t) => {
      const uaddr = await (await rpcbind(t, program, { family: 6 })).GETADDR(nfs('tcp6'));
      if (uaddr === '') throw new NotApplicable('NFSv3 is not registered for IPv6');
      const { host } = endpointOf(uaddr);
      check(host.includes(':'), 'an IPv6 address', host);
    }),
    must('unknown-program', 'a program that is not registered: the empty string', async (t) => {
      equal('address', await (await rpcbind(t, program)).GETADDR(wanted(spareProgram(), 1, { netid: 'tcp' })), '');
    }),
    must('udp', 'asked by UDP: an address, with the port for UDP', { needs: ['udp'] }, async (t) => {
      const port = await nfsPort(t, 17);
      const uaddr = await (await rpcbind(t, program, { kind: 'udp' })).GETADDR(nfs('udp'));
      equal('port', endpointOf(uaddr).port, port);
    }),
    must('garbage', 'arguments cut off: GARBAGE_ARGS', { clause: 'RFC 5531 §9' }, async (t) => {
      const tcp = await t.tcp(program);
      const call = { prog: PORTMAPPER, vers: program.version };
      for (const args of [Buffer.alloc(0), words(1, 2, 3), words(1, 2, 0xffff_ffff), words(1, 2, 5, 'tcp')]) {
        for (const proc of [1, 2, 3]) equal('the answer', await answerTo(tcp, { ...call, proc, args }), 'GARBAGE_ARGS');
      }
      equal('NULL', await answerTo(tcp, call), 'SUCCESS');
    }),
  ]),
  ...portmapCases(program, 'DUMP', [
    must('nfs', 'lists NFSv3, with the port that version 2 gives', async (t) => {
      const port = await nfsPort(t);
      const list = await (await rpcbind(t, program)).DUMP();
      const found = list.filter((each) => each.r_prog === NFS_PROGRAM && each.r_vers === 3 && each.r_netid === 'tcp');
      equal(
        'services',
        found.map(({ r_addr }) => endpointOf(r_addr).port),
        [port],
      );
    }),
    must('well-formed', 'every line has a transport and an address', async (t) => {
      for (const { r_netid, r_addr } of await (await rpcbind(t, program)).DUMP()) {
        check(r_netid !== '' && r_addr !== '', 'a transport and an address', `${r_netid} ${r_addr}`);
        if (/^(tcp|udp)6?$/.test(r_netid)) endpointOf(r_addr);
      }
    }),
    must('as-version-2', 'lists all that version 2 lists', async (t) => {
      const list = await (await rpcbind(t, program)).DUMP();
      const netids = new Map([
        [6, 'tcp'],
        [17, 'udp'],
      ]);
      const known = new Set(list.map(({ r_prog, r_vers, r_netid }) => `${r_prog} ${r_vers} ${r_netid}`));
      for (const { prog, vers, prot } of await (await pmap(t)).DUMP()) {
        const key = `${prog} ${vers} ${netids.get(prot)}`;
        check(known.has(key), key, 'none');
      }
    }),
  ]),
  ...portmapCases(program, 'GETTIME', [
    must('now', "the server's time, as new files have it", async (t) => {
      const { mtime } = await attributesOf(t.nfs, await newFile(t));
      const seconds = await (await rpcbind(t, program)).GETTIME();
      const apart = Math.abs(seconds - mtime.seconds);
      check(apart <= MOST_SECONDS_APART, `about ${mtime.seconds}`, `${seconds}`);
    }),
    must('goes-on', 'never goes back', async (t) => {
      const client = await rpcbind(t, program);
      const first = await client.GETTIME();
      const second = await client.GETTIME();
      check(first <= second, `${first} or later`, `${second}`);
    }),
  ]),
  ...portmapCases(program, 'UADDR2TADDR', [
    must('and-back', 'TADDR2UADDR turns its result back into the address', async (t) => {
      const client = await rpcbind(t, program);
      for (const [host, port] of [
        ['127.0.0.1', 2049],
        ['10.1.2.3', 65_535],
        ['255.255.255.255', 0],
        ['0.0.0.0', 1],
      ] as const) {
        const uaddr = uaddrOf(host, port);
        const taddr = await client.UADDR2TADDR(uaddr);
        check(taddr.buf.length > 0, `an address for ${uaddr}`, 'none');
        check(taddr.maxlen >= taddr.buf.length, `maxlen of at least ${taddr.buf.length}`, `${taddr.maxlen}`);
        equal('TADDR2UADDR', await client.TADDR2UADDR(taddr), uaddr);
      }
    }),
    must('ipv6-and-back', 'and so for IPv6, asked by IPv6', { needs: ['ipv6'] }, async (t) => {
      const client = await rpcbind(t, program, { family: 6 });
      for (const uaddr of [uaddrOf('::1', 2049), uaddrOf('fd00:99::1', 111)]) {
        equal('TADDR2UADDR', await client.TADDR2UADDR(await client.UADDR2TADDR(uaddr)), uaddr);
      }
    }),
    must('nonsense', 'what is no address: answered, and the next call is served', async (t) => {
      const client = await rpcbind(t, program);
      for (const text of BAD_ADDRESSES) {
        const { maxlen, buf } = await client.UADDR2TADDR(text);
        check(maxlen >= buf.length, `maxlen of at least ${buf.length}`, `${maxlen}`);
      }
      await client.NULL();
    }),
    must('not-an-address', 'what is no address: none', async (t) => {
      const { buf } = await (await rpcbind(t, program)).UADDR2TADDR('nonsense');
      equal('bytes', buf.length, 0);
    }),
  ]),
  ...portmapCases(program, 'TADDR2UADDR', [
    must('nonsense', 'what is no address: answered, and the next call is served', async (t) => {
      const client = await rpcbind(t, program);
      for (const buf of [Buffer.alloc(0), Buffer.alloc(1), Buffer.alloc(16, 0xff), Buffer.alloc(100)]) {
        await client.TADDR2UADDR({ maxlen: buf.length, buf });
      }
      await client.NULL();
    }),
  ]),
];

async function counted(t: Context, procedure: number): Promise<number> {
  const { v4 } = await (await rpcbind4(t)).GETSTAT();
  return present(`a counter of procedure ${procedure}`, v4.info[`info${procedure}`]);
}

const GETTIME = 6;

/** What version 4 adds. */
export const RPCB4_LOOKUPS = [
  ...portmapCases(RPCB4, 'GETVERSADDR', [
    must('nfs', 'of a version that is there: as GETADDR', async (t) => {
      await nfsPort(t);
      const client = await rpcbind4(t);
      equal('address', await client.GETVERSADDR(nfs()), await client.GETADDR(nfs()));
    }),
    must('unknown-version', 'of a version that is not there: the empty string', async (t) => {
      equal('address', await (await rpcbind4(t)).GETVERSADDR(wanted(NFS_PROGRAM, 99, { netid: 'tcp' })), '');
    }),
    must('unknown-program', 'of a program that is not there: the empty string', async (t) => {
      equal('address', await (await rpcbind4(t)).GETVERSADDR(wanted(spareProgram(), 1, { netid: 'tcp' })), '');
    }),
  ]),
  ...portmapCases(RPCB4, 'GETADDRLIST', [
    must('nfs', 'tells the address that GETVERSADDR tells, for the transport of the call', async (t) => {
      await nfsPort(t);
      const client = await rpcbind4(t);
      const list = await client.GETADDRLIST(nfs());
      const tcp = list.find(({ r_nc_netid }) => r_nc_netid === 'tcp');
      equal('address', tcp?.r_maddr, await client.GETVERSADDR(nfs()));
    }),
    must('words', 'says of each transport what netconfig says', { clause: 'netconfig(5)' }, async (t) => {
      await nfsPort(t);
      for (const entry of await (await rpcbind4(t)).GETADDRLIST(nfs())) {
        const [, proto, six] = /^(tcp|udp)(6?)$/.exec(entry.r_nc_netid) ?? [];
        if (proto === undefined) continue;
        endpointOf(entry.r_maddr);
        equal('protocol family', entry.r_nc_protofmly, six === '6' ? 'inet6' : 'inet');
        equal('protocol', entry.r_nc_proto, proto);
        const semantics = proto === 'tcp' ? CONNECTION_ORIENTED : [CONNECTIONLESS];
        check(semantics.includes(entry.r_nc_semantics), semantics.join(' or '), `${entry.r_nc_semantics}`);
      }
    }),
    must('once', 'no transport twice', async (t) => {
      const netids = (await (await rpcbind4(t)).GETADDRLIST(nfs())).map(({ r_nc_netid }) => r_nc_netid);
      equal('transports', netids, [...new Set(netids)]);
    }),
    must('unknown', 'of a version, or a program, that is not there: nothing', async (t) => {
      const client = await rpcbind4(t);
      equal('of version 99', await client.GETADDRLIST(wanted(NFS_PROGRAM, 99)), []);
      equal('of no program', await client.GETADDRLIST(wanted(spareProgram(), 1)), []);
    }),
  ]),
  ...portmapCases(RPCB4, 'GETSTAT', [
    must('counts', 'counts calls', async (t) => {
      const before = await counted(t, GETTIME);
      const client = await rpcbind4(t);
      for (let call = 0; call < 3; call++) await client.GETTIME();
      const after = await counted(t, GETTIME);
      check(after >= before + 3, `${before + 3} or more`, `${after}`);
    }),
    must('itself', 'no counter is below zero, and it counts itself', async (t) => {
      const { v2, v3, v4 } = await (await rpcbind4(t)).GETSTAT();
      for (const { info, setinfo, unsetinfo } of [v2, v3, v4]) {
        for (const count of [...Object.values(info), setinfo, unsetinfo]) check(count >= 0, '0 or more', `${count}`);
      }
    }),
    linux('lookups', 'counts look-ups by program', { clause: 'rpcinfo(8): -m' }, async (t) => {
      await nfsPort(t);
      const client = await rpcbind4(t);
      const found = async () => {
        const { addrinfo } = (await client.GETSTAT()).v4;
        return (
          addrinfo.find(({ prog, vers, netid }) => prog === NFS_PROGRAM && vers === 3 && netid === 'tcp')?.success ?? 0
        );
      };
      const before = await found();
      await client.GETADDR(nfs());
      const after = await found();
      check(after > before, `more than ${before}`, `${after}`);
    }),
  ]),
];
