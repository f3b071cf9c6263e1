import { spawn } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RpcClient } from '../../src/rpc/index.ts';
import { array, fixed, opaque, struct, uint32, union } from '../../src/xdr/index.ts';
import type { Targets } from './calls.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const MAIN = new URL('../../src/cli/main.ts', import.meta.url).pathname;
const HEAP_MEGABYTES = 96;

export interface FuzzTarget {
  readonly port: number;
  readonly targets: Targets;
  /** Resident memory of the server, MiB. */
  residentMegabytes(): number;
  /** What the server wrote to its log. */
  log(): string;
  /** Throws unless the server runs and nothing outside its export was touched. */
  check(): void;
}

const mountResult = union('status', { 0: { handle: opaque(64), flavors: array(uint32, 8) } });

/** A server with a small heap on a folder of its own, and a neighbour folder that must stay as it is. */
export async function withFuzzTarget(body: (target: FuzzTarget) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'steadfs-fuzz-'));
  const path = `${folder}/export`;
  mkdirSync(path);
  chmodSync(path, 0o777);
  writeFileSync(`${folder}/outside`, 'untouched');
  const server = spawn(
    process.execPath,
    [
      ...[`--max-old-space-size=${HEAP_MEGABYTES}`, '--import', 'tsx', MAIN, 'serve', path],
      ...['--options', 'rw,insecure,async', '--state', `${folder}/state`, '--port', '0', '--portmap', 'off'],
    ],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let stdout = '';
  let stderr = '';
  server.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  server.stderr.on('data', (chunk) => {
    stderr = (stderr + chunk).slice(-100_000);
  });
  const ended = new Promise((resolve) => server.once('close', resolve));
  try {
    while (!stdout.includes('\n')) {
      if (server.exitCode !== null) throw new Error(`the server ended: ${stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const port = Number(/mountport=(\d+)/.exec(stdout)?.[1]);
    await body({
      port,
      targets: await targetsOf(port, path),
      residentMegabytes: () =>
        Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024,
      log: () => stderr,
      check: () => {
        if (server.exitCode !== null || server.signalCode !== null) throw new Error(`the server ended: ${stderr}`);
        if (readFileSync(`${folder}/outside`, 'utf8') !== 'untouched') throw new Error('a file outside was changed');
      },
    });
  } finally {
    server.kill('SIGKILL');
    await ended;
    openUp(Buffer.from(path));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function targetsOf(port: number, path: string): Promise<Targets> {
  const client = await RpcClient.connectTcp({ host: '127.0.0.1', port });
  try {
    const credential = { machineName: Buffer.from('fuzz'), uid: 1000, gid: 1000, gids: [] };
    const options = { credential };
    const mounted = await client.call(100_005, 3, 1, opaque(1024), Buffer.from(path), mountResult, options);
    const create = struct({ directory: opaque(64), name: opaque(255), how: uint32, attributes: fixed(24) });
    const created = { status: uint32, follows: uint32, handle: opaque(64), rest: rest };
    const args = { directory: mounted.handle, name: Buffer.from('file'), how: 0, attributes: Buffer.alloc(24) };
    const { status, handle } = await client.call(100_003, 3, 8, create, args, struct(created), options);
    if (status !== 0) throw new Error(`CREATE: ${status}`);
    return { root: Buffer.from(mounted.handle), file: Buffer.from(handle), path };
  } finally {
    client.close();
  }
}

/** Whatever follows; not looked at. */
const rest = {
  read: (from: { remaining: number; take(bytes: number): number }) => void from.take(from.remaining),
  write: () => {},
};

/** The calls have set modes that keep even the owner out of some folders. */
function openUp(folder: Buffer): void {
  chmodSync(folder, 0o700);
  for (const name of readdirSync(folder, { encoding: 'buffer' })) {
    const path = Buffer.concat([folder, Buffer.from('/'), name]);
    if (lstatSync(path).isDirectory()) openUp(path);
  }
}
