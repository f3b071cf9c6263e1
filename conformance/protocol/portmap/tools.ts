import { randomInt } from 'node:crypto';
import { isIP } from 'node:net';
import { cases, type Draft } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, Mismatch, NotApplicable } from '../expect.ts';
import { PMAP2, RPCB3, RPCB4 } from '../programs/portmap.ts';
import type { Program } from '../programs/program.ts';
import type { Client } from '../rpc/client.ts';
import { RpcRefused } from '../rpc/failures.ts';
import { TcpTransport } from '../rpc/tcp.ts';
import { answerTo } from '../rpc-layer/tools.ts';
import { ROOT, type Way } from '../target.ts';

export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const NFS_PROGRAM = 100_003;
export const PORTMAPPER = 100_000;

/** RFC 1833 §3.2 is version 2, §2.2.1 are versions 3 and 4. */
export function portmapCases(program: Program, procedure: string, drafts: readonly Draft[]) {
  const clause = program.version === 2 ? 'RFC 1833 §3.2' : 'RFC 1833 §2.2.1';
  return cases({ program, procedure, clause }, drafts);
}

/** Versions 3 and 4, which have most procedures in common. */
export const RPCBINDS = [RPCB3, RPCB4] as const;
export type Rpcbind = (typeof RPCBINDS)[number];

export const pmap = (t: Context, way: Way = {}): Promise<Client<typeof PMAP2>> =>
  t.client(PMAP2, { user: ROOT, ...way });

/** What versions 3 and 4 have in common, by one of them. */
export function rpcbind(t: Context, { version }: Rpcbind, way: Way = {}): Promise<Client<typeof RPCB3>> {
  return t.client({ ...RPCB3, version }, { user: ROOT, ...way });
}

export const rpcbind4 = (t: Context, way: Way = {}): Promise<Client<typeof RPCB4>> =>
  t.client(RPCB4, { user: ROOT, ...way });

/** Arguments that name a version of a program, and leave the rest to the server. */
export function wanted(prog: number, vers: number, set: Partial<{ netid: string; addr: string; owner: string }> = {}) {
  const { netid = '', addr = '', owner = '' } = set;
  return { r_prog: prog, r_vers: vers, r_netid: netid, r_addr: addr, r_owner: owner };
}

/** A program number that nobody has: of those that RFC 5531 §8.3 leaves to users. */
export const spareProgram = (): number => randomInt(0x2000_0000, 0x3fff_ffff);

/** Whether calls come to the server from its own host, by loopback. */
const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.');

/** Only programs of the server's own host may register: elsewhere these cases say nothing. */
export function fromLoopback(t: Context): void {
  if (!isLoopback(t.target.options.host)) throw new NotApplicable('the suite does not reach the server by loopback');
}

export function fromElsewhere(t: Context): void {
  if (isLoopback(t.target.options.host)) throw new NotApplicable('the suite reaches the server by loopback alone');
}

/** SET or UNSET as the caller was let: false also where the call was refused as a whole. */
export async function isDone(call: Promise<boolean>): Promise<boolean> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof RpcRefused) return false;
    throw error;
  }
}

/** A universal address taken apart (RFC 5665 §5.2.3.3). */
export function endpointOf(uaddr: string): { host: string; port: number } {
  const [, host = '', high = '', low = ''] = /^(.+)\.(\d+)\.(\d+)$/.exec(uaddr) ?? [];
  const isWhole = isIP(host) !== 0 && Number(high) < 256 && Number(low) < 256;
  check(isWhole, 'a universal address (h1.h2.h3.h4.p1.p2)', JSON.stringify(uaddr));
  return { host, port: Number(high) * 256 + Number(low) };
}

export const uaddrOf = (host: string, port: number): string => `${host}.${port >> 8}.${port & 255}`;

/** The server knows NFS by this version of the portmapper at all; a server on ports of its own need not. */
export async function nfsPort(t: Context, prot = IPPROTO_TCP): Promise<number> {
  const port = await (await pmap(t)).GETPORT({ prog: NFS_PROGRAM, vers: 3, prot, port: 0 });
  if (port === 0) throw new NotApplicable(`the portmapper knows no NFSv3 for protocol ${prot}`);
  return port;
}

/** Throws unless NFS answers NULL there, of this version. */
export async function nfsAnswersAt(host: string, port: number, vers = 3): Promise<void> {
  const tcp = await TcpTransport.open({ host, port }).catch((error: Error) => {
    throw new Mismatch(`NFS at ${host} port ${port}`, error.message);
  });
  try {
    equal(`NULL of version ${vers}`, await answerTo(tcp, { prog: NFS_PROGRAM, vers }), 'SUCCESS');
  } finally {
    tcp.close();
  }
}
