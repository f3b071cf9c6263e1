// A closed-loop load generator for NFSv3 over TCP, a process of its own: node --import tsx bench/load.ts ORDER, where
// ORDER is the JSON of a LoadOrder. It prints the JSON of a LoadResult.
import { setTimeout as sleep } from 'node:timers/promises';
import { dirpath, MOUNTPROG, mountres3 } from '../src/mount/types.ts';
import { LOOKUP3args, LOOKUP3res } from '../src/nfs/v3/types.ts';
import { RpcClient } from '../src/rpc/client.ts';
import { Connection } from './connection.ts';
import { DATA_FILE, type Handles, LISTED_FOLDER, OPERATIONS } from './operations.ts';

export interface LoadOrder {
  readonly host: string;
  readonly nfsPort: number;
  readonly mountPort: number;
  /** The export, and in it an empty folder for files to be made in. */
  readonly path: string;
  readonly fresh: string;
  /** The name of one of the OPERATIONS. */
  readonly operation: string;
  readonly seconds: number;
}

export interface LoadResult {
  readonly callsPerSecond: number;
  readonly p50Microseconds: number;
  readonly p99Microseconds: number;
  /** Calls that failed; a measurement with any is worth nothing. */
  readonly failed: number;
  /** How much of one core this process used: near 1 it may be what limits the rate. */
  readonly generatorShare: number;
}

/** Calls before the measurement begins: connections and caches are warm then. */
const WARM_UP_MS = 300;
const NFS_PROGRAM = 100003;
const ROOT = { machineName: Buffer.from('load'), uid: 0, gid: 0, gids: [] };

/** Collects latencies in a buffer that grows by doubling. */
class Latencies {
  private values = new Float32Array(1 << 16);
  private count = 0;

  add(microseconds: number): void {
    if (this.count === this.values.length) {
      const larger = new Float32Array(this.count * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.count++] = microseconds;
  }

  get length(): number {
    return this.count;
  }

  /** The values at these shares of the way up. */
  quantiles(...shares: number[]): number[] {
    const sorted = this.values.subarray(0, this.count).sort();
    return shares.map((share) => sorted[Math.floor(share * (this.count - 1))] ?? Number.NaN);
  }
}

async function handles({ host, nfsPort, mountPort, path, fresh }: LoadOrder): Promise<Handles> {
  const mount = await RpcClient.connectTcp({ host, port: mountPort });
  const mounted = await mount.call(MOUNTPROG, 3, 1, dirpath, Buffer.from(path), mountres3, { credential: ROOT });
  mount.close();
  if (mounted.status !== 0) throw new Error(`MNT ${path}: ${mounted.status}`);

  const root = mounted.fhandle;
  const nfs = await RpcClient.connectTcp({ host, port: nfsPort });
  const lookup = async (name: string): Promise<Buffer> => {
    const what = { dir: root, name: Buffer.from(name) };
    const found = await nfs.call(NFS_PROGRAM, 3, 3, LOOKUP3args, { what }, LOOKUP3res, { credential: ROOT });
    if (found.status !== 0) throw new Error(`LOOKUP ${name}: ${found.status}`);
    return found.object;
  };
  const found = {
    root,
    file: await lookup(DATA_FILE),
    listed: await lookup(LISTED_FOLDER),
    fresh: await lookup(fresh),
  };
  nfs.close();
  return found;
}

async function load(order: LoadOrder): Promise<LoadResult> {
  const operation = OPERATIONS.find(({ name }) => name === order.operation);
  if (operation === undefined) throw new Error(`no operation is called ${order.operation}`);
  const template = operation.template(await handles(order));
  const latencies = new Latencies();
  let measuring = false;
  let failed = 0;
  let calls = 0;
  const observer = {
    replied: (sentAt: number, now: number, ok: boolean) => {
      if (!ok) failed++;
      if (measuring) latencies.add((now - sentAt) * 1000);
    },
  };
  const to = { host: order.host, port: order.nfsPort };
  const open = () => Connection.open(to, operation.depth, template, () => calls++, observer);
  const connections = await Promise.all(Array.from({ length: operation.connections }, open));
  for (const connection of connections) connection.start();

  await sleep(WARM_UP_MS);
  measuring = true;
  const cpu = process.cpuUsage();
  const start = performance.now();
  await sleep(order.seconds * 1000);
  measuring = false;
  const milliseconds = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  for (const connection of connections) connection.close();

  const [p50Microseconds, p99Microseconds] = latencies.quantiles(0.5, 0.99) as [number, number];
  return {
    callsPerSecond: (latencies.length * 1000) / milliseconds,
    p50Microseconds,
    p99Microseconds,
    failed,
    generatorShare: (user + system) / 1000 / milliseconds,
  };
}

console.log(JSON.stringify(await load(JSON.parse(process.argv[2] ?? '{}') as LoadOrder)));
