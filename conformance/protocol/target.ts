import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MOUNT1, MOUNT3 } from './programs/mount.ts';
import { NFS3 } from './programs/nfs3.ts';
import { PMAP2 } from './programs/portmap.ts';
import type { Program } from './programs/program.ts';
import { authSys, callMessage, client, exchange, type User } from './rpc/client.ts';
import { refusalOf } from './rpc/failures.ts';
import { TcpTransport } from './rpc/tcp.ts';
import type { Endpoint, Transport } from './rpc/transport.ts';
import { UdpTransport } from './rpc/udp.ts';

/** The users that cases act as. ALICE owns what a case finds in its folder; CAROL is in ALICE's group. */
export const ROOT: User = { uid: 0, gid: 0 };
export const ALICE: User = { uid: 20_001, gid: 20_001 };
export const BOB: User = { uid: 20_002, gid: 20_002 };
export const CAROL: User = { uid: 20_003, gid: 20_003, gids: [20_001] };

const PROBE_MILLISECONDS = 5_000;
const AGAIN_MILLISECONDS = 200;
const PORTMAP_PORT = 111;
const IPPROTO = { tcp: 6, udp: 17 } as const;

/** Programs by the name that the options for their ports have. */
const PORT_NAMES = {
  100000: 'portmap',
  100003: 'nfs',
  100005: 'mount',
  100011: 'rquota',
  100021: 'nlm',
  100024: 'nsm',
  100227: 'acl',
} as const;
export type PortName = (typeof PORT_NAMES)[keyof typeof PORT_NAMES];

export interface TargetOptions {
  readonly host: string;
  /** The export to work in. */
  readonly path: string;
  /** Where programs are. `nfs` stands for all that are not given; without it the portmapper is asked. */
  readonly ports: { readonly [name in PortName]?: number | undefined };
  /** The server's IPv6 address, if `host` does not lead to it. */
  readonly host6?: string | undefined;
  /** Another export of the same server. */
  readonly secondPath?: string | undefined;
  /** A shell command that restarts the server, and ends when that is under way. */
  readonly restart?: string | undefined;
}

export interface Way {
  readonly kind?: 'tcp' | 'udp';
  readonly family?: 4 | 6;
  readonly privileged?: boolean;
}

/** The server under test: where its programs are, and the root of the export. */
export class Target {
  readonly options: TargetOptions;
  /** The handle that MNT gave for the export. */
  readonly root: Buffer;
  readonly #ipv6: string | undefined;
  readonly #probes: Map<string, Promise<string | undefined>>;

  private constructor(options: TargetOptions, root: Buffer, ipv6: string | undefined) {
    this.options = options;
    this.root = root;
    this.#ipv6 = ipv6;
    this.#probes = new Map();
  }

  /** Mounts the export. Throws an Error that says what the user is to do. */
  static async open(options: TargetOptions): Promise<Target> {
    const unmounted = new Target(options, Buffer.alloc(0), await ipv6Of(options));
    const root = await unmounted.mount(options.path);
    return new Target(options, root, await ipv6Of(options));
  }

  /** The root handle that MNT (version 3) gives for a path. */
  async mount(path: string): Promise<Buffer> {
    return this.#mounting(async (transport) => {
      const res = await client(MOUNT3, transport, authSys(ROOT)).MNT(path);
      if (res.fhs_status === 'MNT3_OK') return res.fhandle;
      throw new Error(`${this.options.host} does not let ${path} be mounted: ${res.fhs_status}`);
    });
  }

  /** The same for NFSv2. */
  async mount2(path: string): Promise<Buffer> {
    return this.#mounting(async (transport) => {
      const res = await client(MOUNT1, transport, authSys(ROOT)).MNT(path);
      if (res.status === 'OK') return res.directory;
      throw new Error(`${this.options.host} does not let ${path} be mounted by version 1: ${res.status}`);
    });
  }

  async #mounting<T>(body: (transport: Transport) => Promise<T>): Promise<T> {
    const transport = await this.connect(MOUNT3);
    try {
      return await body(transport);
    } finally {
      transport.close();
    }
  }

  /** Opens a way to a program. Throws an Error if there is none. */
  async connect(program: Program, way: Way = {}): Promise<Transport> {
    const { privileged = true } = way;
    const endpoint = await this.endpoint(program, way);
    return way.kind === 'udp'
      ? UdpTransport.open(endpoint, { privileged })
      : TcpTransport.open(endpoint, { privileged });
  }

  async endpoint(program: Program, { kind = 'tcp', family }: Way = {}): Promise<Endpoint> {
    const host = family === 6 ? this.#ipv6 : this.options.host;
    if (host === undefined) throw new Error('the server has no IPv6 address that the suite knows (--host6)');
    const port = this.#givenPort(program) ?? (await this.#askedPort(program, kind));
    if (port === 0) throw new Error(`the portmapper knows no ${program.name} by ${kind}`);
    return { host, port };
  }

  /** Why a program cannot be reached in this way; undefined if it answers its NULL. */
  missing(program: Program, way: Way = {}): Promise<string | undefined> {
    const key = `${program.program} ${program.version} ${way.kind} ${way.family}`;
    const known = this.#probes.get(key);
    if (known !== undefined) return known;
    const probe = this.#probe(program, way).catch((error: Error) => error.message);
    this.#probes.set(key, probe);
    return probe;
  }

  /** Waits until a program answers, whatever it says: a server that has crashed may be started anew. */
  async answersWithin(milliseconds: number, program: Program): Promise<boolean> {
    const deadline = Date.now() + milliseconds;
    for (;;) {
      try {
        await this.#probe(program, {});
        return true;
      } catch {
        if (Date.now() > deadline) return false;
        await sleep(AGAIN_MILLISECONDS);
      }
    }
  }

  async #probe(program: Program, way: Way): Promise<string | undefined> {
    const transport = await this.connect(program, way);
    try {
      const { program: prog, version: vers } = program;
      const { body } = await exchange(transport, callMessage({ prog, vers }), PROBE_MILLISECONDS);
      const refusal = refusalOf(body);
      return refusal === 'SUCCESS' ? undefined : `the server has no ${program.name} (${refusal})`;
    } finally {
      transport.close();
    }
  }

  #givenPort({ program }: Program): number | undefined {
    const { ports } = this.options;
    const name = isKnown(program) ? PORT_NAMES[program] : undefined;
    if (name === 'portmap') return ports.portmap ?? PORTMAP_PORT;
    return (name === undefined ? undefined : ports[name]) ?? ports.nfs;
  }

  async #askedPort({ program: prog, version: vers }: Program, kind: 'tcp' | 'udp'): Promise<number> {
    const portmap = await this.connect(PMAP2);
    try {
      return await client(PMAP2, portmap, authSys(ROOT)).GETPORT({ prog, vers, prot: IPPROTO[kind], port: 0 });
    } finally {
      portmap.close();
    }
  }
}

function isKnown(program: number): program is keyof typeof PORT_NAMES {
  return program in PORT_NAMES;
}

/** The address for IPv6 cases: the one given, the host's own, or for loopback its counterpart. */
async function ipv6Of({ host, host6 }: TargetOptions): Promise<string | undefined> {
  if (host6 !== undefined) return host6;
  if (isIP(host) === 6) return host;
  if (host === 'localhost' || host.startsWith('127.')) return '::1';
  if (isIP(host) === 4) return undefined;
  const found = await lookup(host, { family: 6 }).catch(() => undefined);
  return found?.address;
}

/** The program that every case needs: their folders are made with it. */
export const HOUSEKEEPING = NFS3;
