import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
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
import { fileURLToPath } from 'node:url';
import { ok } from '../../conformance/protocol/expect.ts';
import { sattr } from '../../conformance/protocol/housekeeping.ts';
import { NFS2 } from '../../conformance/protocol/programs/nfs2.ts';
import { NFS3 } from '../../conformance/protocol/programs/nfs3.ts';
import { authSys, client, type User } from '../../conformance/protocol/rpc/client.ts';
import { Target } from '../../conformance/protocol/target.ts';
import type { Targets } from './grammar.ts';
import { isIsolated } from './isolated.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILT = join(ROOT, 'dist/cli/main.js');
const HEAP_MEGABYTES = 96;
const READY_MILLISECONDS = 60_000;
const POLL_MILLISECONDS = 20;
const NFS_PORT = 2049;
const USER: User = { uid: 1000, gid: 1000 };

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

/** A built server with a small heap on a folder of its own, and a neighbour folder that must stay as it is. */
export async function withFuzzTarget(body: (target: FuzzTarget) => Promise<void>): Promise<void> {
  if (!existsSync(BUILT)) throw new Error('npm run build comes first');
  const folder = mkdtempSync(join(tmpdir(), 'steadfs-fuzz-'));
  chmodSync(folder, 0o755);
  const path = `${folder}/export`;
  mkdirSync(path);
  chmodSync(path, 0o777);
  writeFileSync(`${folder}/outside`, 'untouched');
  const server = spawn(
    process.execPath,
    [
      ...[`--max-old-space-size=${HEAP_MEGABYTES}`, BUILT, 'serve', path, '--options', 'rw,insecure,async'],
      ...['--state', `${folder}/state`, '--grace', '0'],
      // In a network of its own, all ports are to be had, and the port mapper can be tried too.
      ...(isIsolated() ? ['--port', `${NFS_PORT}`, '--portmap', 'on'] : ['--port', '0', '--portmap', 'off']),
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
  const check = () => {
    if (server.exitCode !== null || server.signalCode !== null) throw new Error(`the server ended: ${stderr}`);
    if (readFileSync(`${folder}/outside`, 'utf8') !== 'untouched') throw new Error('a file outside was changed');
    const beside = readdirSync(folder).filter((name) => name !== 'state');
    if (beside.sort().join() !== 'export,outside') throw new Error(`there is something outside: ${beside}`);
  };
  try {
    const deadline = Date.now() + READY_MILLISECONDS;
    while (!stdout.includes('\n')) {
      check();
      if (Date.now() > deadline) throw new Error(`the server does not get ready: ${stderr}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    }
    const port = Number(/\bport=(\d+)/.exec(stdout)?.[1] ?? NFS_PORT);
    await body({
      port,
      targets: await targetsOf(port, path),
      residentMegabytes: () =>
        Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024,
      log: () => stderr,
      check,
    });
  } finally {
    server.kill('SIGKILL');
    await ended;
    openUp(Buffer.from(path));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Handles of both versions: the root, a folder and a file. */
async function targetsOf(port: number, path: string): Promise<Targets> {
  const target = await Target.open({ host: '127.0.0.1', path, ports: { nfs: port } });
  const transport = await target.connect(NFS3);
  try {
    const nfs = client(NFS3, transport, authSys(USER));
    const how = { mode: 'UNCHECKED', obj_attributes: sattr({ mode: 0o666 }) } as const;
    ok(await nfs.CREATE({ where: { dir: target.root, name: 'file' }, how }));
    ok(await nfs.MKDIR({ where: { dir: target.root, name: 'folder' }, attributes: sattr({ mode: 0o777 }) }));
    const file = ok(await nfs.LOOKUP({ what: { dir: target.root, name: 'file' } })).object;
    const folder = ok(await nfs.LOOKUP({ what: { dir: target.root, name: 'folder' } })).object;

    const old = client(NFS2, transport, authSys(USER));
    const root2 = await target.mount2(path);
    const file2 = ok(await old.LOOKUP({ dir: root2, name: 'file' })).file;
    const folder2 = ok(await old.LOOKUP({ dir: root2, name: 'folder' })).file;
    return { handles: [target.root, folder, file], handles2: [root2, folder2, file2], path, locks: isIsolated() };
  } finally {
    transport.close();
  }
}

/** The calls have set modes that keep even the owner out of some folders. */
function openUp(folder: Buffer): void {
  chmodSync(folder, 0o700);
  for (const name of readdirSync(folder, { encoding: 'buffer' })) {
    const path = Buffer.concat([folder, Buffer.from('/'), name]);
    if (lstatSync(path).isDirectory()) openUp(path);
  }
}
