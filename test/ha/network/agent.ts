/** Runs inside one of the hosts of {@link ./hosts.ts} and does there what the test asks for: a JSON line each way. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { monotonic } from '../../../src/common/monotonic.ts';
import {
  Addresses,
  announce,
  ip,
  isLinkUp,
  NodeNetwork,
  openFramePort,
  openSegmentPort,
  openServiceSockets,
  type ServiceAddress,
  tickle,
} from '../../../src/ha/network/index.ts';
import { startTimeOf, Watchdog } from '../../../src/ha/node/watchdog.ts';
import type { WatchOrder } from '../../../src/ha/node/watchdog-duty.ts';
import type { Connection } from '../../../src/ha/protocol.ts';
import { capture } from './capture.ts';
import { memoryLog } from './memory-log.ts';

const log = memoryLog();
const sockets = new Map<string, { socket: Socket; ended: Promise<string> }>();
const captures = new Map<string, Buffer[]>();
let watchdog: Watchdog | undefined;
let network: NodeNetwork | undefined;

function addresses(ours: readonly string[]): Addresses {
  return new Addresses({ ip, clock: monotonic, log, ours });
}

export const calls = {
  now: async () => monotonic(),
  capture: async (device: string) => void captures.set(device, capture(device)),
  /** What has been captured so far, in hexadecimal. */
  captured: async (device: string) => captures.get(device)!.map((frame) => frame.toString('hex')),
  logged: async () => log.lines,

  /** As it is in a container; for every process of this host. */
  readOnlySettings: async () => {
    execFileSync('mount', ['--bind', '/proc/sys', '/proc/sys']);
    execFileSync('mount', ['-o', 'remount,bind,ro', '/proc/sys']);
  },

  isLinkUp: async (device: string) => isLinkUp(device),
  hold: (address: ServiceAddress, milliseconds: number) =>
    addresses([address.address]).hold([address], monotonic() + milliseconds),
  remove: (address: string) => addresses([address]).remove([address]),
  list: () => addresses([]).list(),
  reconcile: (ours: readonly string[], wanted: readonly ServiceAddress[]) => addresses(ours).reconcile(() => wanted),

  announce: (device: string, list: readonly string[], at: readonly number[]) =>
    announce(device, list, { log, open: openFramePort, at }).done,
  tickle: (connections: readonly Connection[]) => tickle(connections, { log, open: openSegmentPort }).done,

  open: async (packages: { name: string; addresses: { address: string; prefix: number }[] }[], devices: string[]) => {
    network = NodeNetwork.open(packages, devices, log);
  },
  raise: (name: string, milliseconds: number) => network!.raise(name, monotonic() + milliseconds),
  renew: (name: string, milliseconds: number) => network!.renew(name, monotonic() + milliseconds),
  lower: (name: string) => network!.lower(name),
  reconcileNetwork: () => network!.reconcile(),
  state: async (name: string) => ({ isolated: network!.isolated, where: network!.where(name) }),

  pid: async () => process.pid,
  /** A process with nothing to do, which outlives this one. */
  sleeper: async () => {
    const { pid } = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
    return { pid: pid!, startTime: startTimeOf(pid!)! };
  },
  isAlive: async (pid: number) => startTimeOf(pid) !== undefined,
  signal: async (pid: number, name: NodeJS.Signals) => void process.kill(pid, name),

  startWatchdog: async () => void (watchdog = new Watchdog({ log })),
  watchdogPid: async () => watchdog!.pid,
  watch: async (order: Omit<WatchOrder, 'until' | 'addresses'>, addresses: readonly ServiceAddress[], ms: number) =>
    watchdog!.send({ type: 'watch', ...order, addresses, until: monotonic() + ms }),
  forget: async (name: string) => watchdog!.send({ type: 'forget', package: name }),
  closeWatchdog: async () => await watchdog!.close(),

  openSockets: async (list: readonly string[], port: number, portmap: boolean) =>
    openServiceSockets(list, port, portmap).sockets,
  /** Answers every chunk with itself. */
  async serve(address: string, port: number) {
    for (const { fd, transport } of openServiceSockets([address], port, false).sockets) {
      if (transport === 'udp') continue;
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.on('data', (chunk) => socket.write(chunk));
      });
      server.listen({ fd });
      await once(server, 'listening');
    }
  },

  async connect(name: string, address: string, port: number) {
    const socket = connect(port, address);
    const ended = new Promise<string>((resolve) => {
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.on('close', () => resolve('end'));
    });
    sockets.set(name, { socket, ended });
    await once(socket, 'connect');
    return { localAddress: address, localPort: port, address: socket.localAddress!, port: socket.localPort! };
  },
  async ask(name: string, text: string) {
    const { socket } = sockets.get(name)!;
    socket.write(text);
    const [chunk] = await once(socket, 'data');
    return `${chunk}`;
  },
  /** How the connection ended: `ECONNRESET`, or `end` for an orderly end. */
  ended: (name: string) => sockets.get(name)!.ended,
};

export type Calls = typeof calls;

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, name, args } = JSON.parse(line);
  const call = calls[name as keyof Calls] as (...args: unknown[]) => Promise<unknown>;
  const answer = await call(...args).then(
    (value) => ({ id, value }),
    (error: Error) => ({ id, error: error.message }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
process.stdin.on('end', () => process.exit());
