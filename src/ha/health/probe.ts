import type { MonotonicClock } from '../../common/monotonic.ts';
import { NFS_PROGRAM } from '../../nfs/v3/program.ts';
import { FSSTAT3args, FSSTAT3res, GETATTR3args, GETATTR3res } from '../../nfs/v3/types.ts';
import { NLM_PROG, NLM4_VERS, res, wideTypes } from '../../nlm/types.ts';
import { RpcClient } from '../../rpc/client.ts';
import { nothing, type Xdr } from '../../xdr/index.ts';
import type { PackageConfig } from '../config.ts';
import type { Probe, ProbeAnswer, ProbeAnswers, RootAnswer } from '../node/ports.ts';

/** For the connection, and then for each question, milliseconds. */
const DEADLINE = 1000;
/** A connection is used for so many rounds: now and then a new one must be accepted too. */
const ROUNDS = 30;
/** Exports say `secure` unless told, so the source port must be one that only root can have. */
const FIRST_PORT = 512;
const PORTS = 512;
const PORT_ATTEMPTS = 8;
const NOBODY = 65_534;
const CREDENTIAL = { machineName: Buffer.from('steadfs-probe'), uid: NOBODY, gid: NOBODY, gids: [] };
const NFSPROC3 = { NULL: 0, GETATTR: 1, FSSTAT: 18 } as const;
const NLM4_UNLOCK = 4;
const OWNER = Buffer.from('steadfs-probe');

type Root = { readonly path: string; readonly handle: string };

/** Asks as a client would: over TCP, at the first service address. */
export class TcpProbe implements Probe {
  private readonly plan: Pick<PackageConfig, 'addresses' | 'port'>;
  private readonly now: MonotonicClock;
  private client: RpcClient | undefined;
  private rounds = 0;
  private closed = false;

  constructor(plan: Pick<PackageConfig, 'addresses' | 'port'>, now: MonotonicClock) {
    this.plan = plan;
    this.now = now;
  }

  async ask(roots: readonly Root[]): Promise<ProbeAnswers> {
    let client: RpcClient;
    try {
      client = await this.connection();
    } catch (error) {
      return { ping: brokenBy(error), roots: [], lock: undefined };
    }
    const [first] = roots;
    const [ping, lock, ...answers] = await Promise.all([
      this.ping(client),
      first === undefined ? undefined : this.lock(client, first),
      ...roots.map((root) => this.root(client, root)),
    ]);
    if (ping.kind !== 'answer') this.drop();
    return { ping, roots: answers, lock };
  }

  close(): void {
    this.closed = true;
    this.drop();
  }

  private async connection(): Promise<RpcClient> {
    if (this.rounds++ % ROUNDS === 0) this.drop();
    if (this.client !== undefined) return this.client;
    const client = await connect(this.plan);
    if (this.closed) client.close();
    this.client = client;
    return client;
  }

  private drop(): void {
    this.client?.close();
    this.client = undefined;
  }

  private ping(client: RpcClient): Promise<ProbeAnswer> {
    return this.question(async () => {
      await call(client, NFSPROC3.NULL, nothing, undefined, nothing);
      return 0;
    });
  }

  private async root(client: RpcClient, { path, handle }: Root): Promise<RootAnswer> {
    const file = Buffer.from(handle, 'hex');
    let free: bigint | undefined;
    const [attributes] = await Promise.all([
      this.question(
        async () => (await call(client, NFSPROC3.GETATTR, GETATTR3args, { object: file }, GETATTR3res)).status,
      ),
      this.question(async () => {
        const space = await call(client, NFSPROC3.FSSTAT, FSSTAT3args, { fsroot: file }, FSSTAT3res);
        if (space.status === 0) free = space.abytes;
        return space.status;
      }),
    ]);
    return { path, attributes, free };
  }

  /** Unlocks what nobody has locked: all the way to the lock table, and nothing is left of it. */
  private lock(client: RpcClient, { handle }: Root): Promise<ProbeAnswer> {
    const alock = {
      ...{ caller_name: OWNER, fh: Buffer.from(handle, 'hex'), oh: OWNER, svid: 0 },
      ...{ l_offset: 0n, l_len: 1n },
    };
    return this.question(async () => {
      const args = { cookie: OWNER, alock };
      const options = { timeout: DEADLINE, credential: CREDENTIAL };
      return (await client.call(NLM_PROG, NLM4_VERS, NLM4_UNLOCK, wideTypes.unlockargs, args, res, options)).stat;
    });
  }

  private async question(ask: () => Promise<number>): Promise<ProbeAnswer> {
    const began = this.now();
    const elapsed = () => Math.round(this.now() - began);
    try {
      return { kind: 'answer', status: await ask(), milliseconds: elapsed() };
    } catch (error) {
      // Timers and clocks differ by a little.
      return elapsed() >= 0.9 * DEADLINE ? { kind: 'silence', milliseconds: elapsed() } : brokenBy(error);
    }
  }
}

function call<Args, Res>(client: RpcClient, procedure: number, args: Xdr<Args>, value: Args, result: Xdr<Res>) {
  return client.call(NFS_PROGRAM, 3, procedure, args, value, result, { timeout: DEADLINE, credential: CREDENTIAL });
}

async function connect({ addresses, port }: Pick<PackageConfig, 'addresses' | 'port'>): Promise<RpcClient> {
  const host = addresses[0]?.address ?? '';
  for (let attempt = 1; ; attempt++) {
    const localPort = FIRST_PORT + Math.floor(Math.random() * PORTS);
    try {
      return await RpcClient.connectTcp({ host, port, localAddress: host, localPort, timeout: DEADLINE });
    } catch (error) {
      if (attempt === PORT_ATTEMPTS || !isTaken(error)) throw error;
    }
  }
}

function isTaken(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EADDRINUSE' || code === 'EADDRNOTAVAIL';
}

function brokenBy(error: unknown): ProbeAnswer {
  return { kind: 'broken', reason: error instanceof Error ? error.message : String(error) };
}
