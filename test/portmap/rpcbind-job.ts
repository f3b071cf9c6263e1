import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { PMAP_PORT, portmapPrograms, Registry, RpcbindRegistration, servicesOf } from '../../src/portmap/index.ts';
import { Dispatcher, procedure, TcpTransport, UdpTransport } from '../../src/rpc/index.ts';
import { nothing } from '../../src/xdr/index.ts';

/**
 * Runs one scenario in a network and mount namespace of its own, where /run is empty, and prints what rpcinfo saw as
 * JSON: one list of lines for each look.
 */
const SCENARIOS = { register, restart, stale, alive, gone, own };
const SOCKET = '/run/rpcbind.sock';
const PROGRAM = 0x2000_0002;
const looks: unknown[] = [];
const said: string[] = [];
const say = (_details: object, message: string) => void said.push(message);
const log = { trace: () => {}, debug: () => {}, info: say, warn: say, error: say };

const wildcard = (port: number, versions = [3]) =>
  servicesOf(
    versions.map((version) => ({ program: PROGRAM, version })),
    (['tcp', 'udp'] as const).map((transport) => ({ transport, address: '::', port })),
  );

async function register(): Promise<void> {
  const rpcbind = await startRpcbind();
  const registration = await RpcbindRegistration.start(wildcard(4000, [2, 3]), log);
  look();
  await registration.close();
  look();
  await rpcbind.stop();
}

/** rpcbind forgets everything; the next check tells it again. */
async function restart(): Promise<void> {
  const first = await startRpcbind();
  const registration = await RpcbindRegistration.start(wildcard(4000), log, { interval: 20 });
  await first.stop();
  const second = await startRpcbind();
  await until(() => seen().length === 4);
  look();
  await registration.close();
  await second.stop();
}

/** The registration of a server that was killed is replaced. */
async function stale(): Promise<void> {
  const rpcbind = await startRpcbind();
  await RpcbindRegistration.start(wildcard(4000), log);
  const registration = await RpcbindRegistration.start(wildcard(4001), log);
  look();
  await registration.close();
  look();
  await rpcbind.stop();
}

/** The registration of a server that answers is left alone, also when we end. */
async function alive(): Promise<void> {
  const rpcbind = await startRpcbind();
  const other = await listen(PROGRAM, 4000);
  await RpcbindRegistration.start(
    servicesOf([{ program: PROGRAM, version: 3 }], [{ transport: 'tcp', address: '127.0.0.1', port: 4000 }]),
    log,
  );
  const registration = await RpcbindRegistration.start(wildcard(4001), log);
  look();
  await registration.close();
  look();
  await other();
  await rpcbind.stop();
}

async function gone(): Promise<void> {
  await RpcbindRegistration.start(wildcard(4000), log).catch((error: unknown) => say({}, String(error)));
}

/** Our own portmapper, asked by rpcinfo, and changed by rpcinfo -d from this host. */
async function own(): Promise<void> {
  const listeners = (['tcp', 'udp'] as const).map((transport) => ({ transport, address: '::', port: PMAP_PORT }));
  const versions = [2, 3, 4].map((version) => ({ program: 100000, version }));
  const registry = new Registry([...servicesOf(versions, listeners), ...wildcard(4000)]);
  registry.set({ program: PROGRAM + 1, version: 1, netid: 'tcp', address: '0.0.0.0', port: 4100 }, 'superuser');
  const dispatcher = new Dispatcher(portmapPrograms(registry), { log });
  const tcp = await TcpTransport.listen(dispatcher, { host: '::', port: PMAP_PORT }, { log });
  const udp = await UdpTransport.listen(dispatcher, { host: '::', port: PMAP_PORT }, { log });
  const ask = async (...args: string[]) => {
    const child = spawn('rpcinfo', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
    await once(child, 'close');
    looks.push(text.split('\n').filter((line) => line.trim() !== ''));
  };
  await ask('-p', '127.0.0.1');
  await ask('127.0.0.1');
  await ask('-s', '::1');
  await ask('-a', '127.0.0.1.0.111', '-T', 'udp', '100000', '4');
  await tcp.close(0);
  await udp.close();
}

async function listen(program: number, port: number): Promise<() => Promise<void>> {
  const none = procedure({
    number: 0,
    name: 'NULL',
    args: nothing,
    res: nothing,
    idempotent: true,
    handle: () => undefined,
  });
  const dispatcher = new Dispatcher([{ program, version: 3, name: 'test', procedures: [none] }], { log });
  const tcp = await TcpTransport.listen(dispatcher, { host: '127.0.0.1', port }, { log });
  return () => tcp.close(0);
}

async function startRpcbind(): Promise<{ stop(): Promise<void> }> {
  mkdirSync('/run/rpcbind', { recursive: true });
  const child = spawn('rpcbind', ['-f'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  await until(() => existsSync(SOCKET) && rpcinfo().length > 0);
  return {
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
      rmSync(SOCKET, { force: true });
    },
  };
}

function rpcinfo(): string[] {
  try {
    const text = execFileSync('rpcinfo', ['127.0.0.1'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return text.split('\n').slice(1).filter(Boolean);
  } catch {
    return [];
  }
}

function seen(): string[] {
  return rpcinfo()
    .map((line) => line.trim().split(/\s+/))
    .filter(([program]) => program === String(PROGRAM))
    .map(([, version, netid, address]) => `${version} ${netid} ${address}`)
    .sort();
}

function look(): void {
  looks.push(seen());
}

/** Ends with the test's own time limit if it never comes true. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setTimeout(20);
}

const scenario = SCENARIOS[process.argv[2] as keyof typeof SCENARIOS];
await scenario();
process.stdout.write(JSON.stringify({ looks, said }));
