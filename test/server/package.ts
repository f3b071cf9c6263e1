import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonic } from '../../src/common/monotonic.ts';
import { openServiceSockets, type ServiceSockets } from '../../src/ha/network/index.ts';
import type { FromServer, InheritedSocket, ManagedSettings, ToServer } from '../../src/ha/protocol.ts';
import { CREATE3args, GUARDED, MKDIR3args, WRITE3args } from '../../src/nfs/v3/types.ts';
import { LCK_GRANTED, NLM_PROG, NLM4_VERS, wideTypes } from '../../src/nlm/types.ts';
import { type Xdr, XdrReader, XdrWriter } from '../../src/xdr/index.ts';
import { auth, authSys, callMessage, frame, WireClient } from '../rpc/wire.ts';

const ENTRY = new URL('../../src/server/managed-process.ts', import.meta.url);
/** Standard input, output and error, and the channel for messages, come before the sockets. */
const FIRST_SOCKET = 4;
const PORT = 22_049;
const WAIT_MS = 60_000;
/** A reply's header: xid, REPLY, MSG_ACCEPTED, verifier, SUCCESS. */
const REPLY_HEADER_BYTES = 24;
export const LONG = 10 * 60_000;

/** Waits for what has to come, however slow the machine is. */
export async function until<T>(what: string, look: () => T | Promise<T>): Promise<NonNullable<T>> {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== null && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`${what} did not come in ${WAIT_MS} ms`);
    await sleep(10);
  }
}

/** A package on this host: folders, sockets, and the server processes that come and go. Plays the node daemon. */
export class Package {
  readonly folder = mkdtempSync(join(tmpdir(), 'steadfs-package-'));
  readonly exported = join(this.folder, 'export');
  readonly stateDirectory = join(this.folder, 'state');
  /** Every test file's process has a network of its own within loopback's. */
  readonly address: string;
  readonly sockets: ServiceSockets;
  private readonly processes: ServerProcess[] = [];

  private constructor(address: string) {
    mkdirSync(this.exported);
    this.address = address;
    this.sockets = openServiceSockets([address], PORT, false);
  }

  static begin(t: TestContext): Package {
    const [high, low] = [(process.pid >> 8) & 0xff, process.pid & 0xff];
    const made = new Package(`127.${100 + (high % 100)}.${low}.${++packages}`);
    t.after(() => made.end());
    return made;
  }

  /** Starts a process, and sees it prepared. */
  async prepare(change: Partial<ManagedSettings> = {}): Promise<ServerProcess> {
    const { stdio, sockets } = this.sockets.inherit(FIRST_SOCKET);
    const server = new ServerProcess(stdio);
    this.processes.push(server);
    server.send({ type: 'prepare', settings: { ...this.settings(sockets), ...change } });
    await server.until('prepared');
    return server;
  }

  /** Starts a process that serves. */
  async serve(token: number, licence = LONG, change: Partial<ManagedSettings> = {}): Promise<ServerProcess> {
    const server = await this.prepare(change);
    server.activate(token, licence);
    await server.until('active');
    server.send({ type: 'addressed' });
    return server;
  }

  async connect(): Promise<Client> {
    return new Client(await WireClient.connect(PORT, this.address));
  }

  private settings(sockets: readonly InheritedSocket[]): ManagedSettings {
    const { stateDirectory } = this;
    return {
      ...{ package: 'files', node: 'one', stateDirectory, runDirectory: join(this.folder, 'run'), sockets, port: PORT },
      ...{ paths: [this.exported], options: 'rw,insecure,no_root_squash', allow: ['127.0.0.0/8'] },
      ...{ exportsFile: undefined, graceSeconds: 30, setQuota: false, names: ['files.example'] },
      ...{ logLevel: 'info', json: true },
    };
  }

  private async end(): Promise<void> {
    for (const server of this.processes) server.child.kill('SIGKILL');
    await Promise.all(this.processes.map((server) => server.ended));
    this.sockets.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

let packages = 0;

type Said<Type extends FromServer['type']> = Extract<FromServer, { type: Type }>;

export class ServerProcess {
  readonly child: ChildProcess;
  /** `exit 0`, `SIGKILL`, ... */
  readonly ended: Promise<string>;
  readonly said: FromServer[] = [];
  log = '';
  hasEnded = false;

  constructor(sockets: readonly number[]) {
    this.child = fork(ENTRY, [], { stdio: ['ignore', 'pipe', 'pipe', 'ipc', ...sockets] });
    this.ended = new Promise((resolve) => {
      this.child.once('exit', (code, signal) => {
        this.hasEnded = true;
        resolve(signal ?? `exit ${code}`);
      });
    });
    this.child.on('message', (message: FromServer) => this.said.push(message));
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk) => {
        this.log += chunk;
      });
    }
  }

  send(message: ToServer): void {
    this.child.send(message);
  }

  activate(token: number, licence = LONG): void {
    this.send({ type: 'activate', token, until: monotonic() + licence });
  }

  /** Ends once the process knows: it has then had two turns to read the message in. */
  async renew(licence: number): Promise<void> {
    const pulses = () => this.said.filter(({ type }) => type === 'pulse').length;
    const before = pulses();
    this.send({ type: 'licence', until: monotonic() + licence });
    await until('two pulses', () => pulses() >= before + 2);
  }

  async release(): Promise<void> {
    this.send({ type: 'release' });
    await this.until('released');
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** Stops it, and waits until not one of its threads runs any more. */
  async stop(): Promise<void> {
    this.child.kill('SIGSTOP');
    const tasks = `/proc/${this.child.pid}/task`;
    const isStopped = (task: string) => readFileSync(`${tasks}/${task}/stat`, 'utf8').includes(') T ');
    await until('the stop', () => readdirSync(tasks).every(isStopped));
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  /** The first message of a type, as soon as it is there. */
  async until<Type extends FromServer['type']>(
    type: Type,
    which = (_message: Said<Type>) => true,
  ): Promise<Said<Type>> {
    const found = (message: FromServer): message is Said<Type> => message.type === type && which(message as Said<Type>);
    return await until(type, () => {
      const message = this.said.find(found);
      if (message === undefined && this.hasEnded) throw new Error(`ended before "${type}": ${this.log}`);
      return message;
    });
  }
}

const NFS_PROG = 100_003;
const MOUNT_PROG = 100_005;
const nobodysTimes = { atime: { set_it: 0 }, mtime: { set_it: 0 } } as const;
const attributes = { mode: 0o644, uid: undefined, gid: undefined, size: undefined, ...nobodysTimes };
const verifier = auth(0, Buffer.alloc(0));

/** A client by hand: what it sends, and what comes back, byte by byte. */
export class Client {
  readonly wire: WireClient;
  private xid = Math.floor(Math.random() * 0x7fff_ffff);

  constructor(wire: WireClient) {
    this.wire = wire;
  }

  message<Args>(program: number, version: number, procedure: number, type: Xdr<Args>, args: Args): Buffer {
    const writer = new XdrWriter();
    type.write(writer, args);
    const xid = ++this.xid;
    const credential = auth(1, authSys(0, 0, []));
    return callMessage({ xid, program, version, procedure, credential, verifier, args: writer.toBuffer() });
  }

  /** Sends a call, and does not wait. */
  send(message: Buffer): void {
    this.wire.send(frame(message));
  }

  async call(message: Buffer): Promise<XdrReader> {
    return new XdrReader((await this.wire.call(message)).subarray(REPLY_HEADER_BYTES));
  }

  null(): Buffer {
    return this.message(NFS_PROG, 3, 0, { read: () => {}, write: () => {} }, undefined);
  }

  /** The handle of the export. */
  async mount(path: string): Promise<Buffer> {
    const args: Xdr<Buffer> = { read: (from) => from.opaque(1024), write: (to, value) => to.opaque(value) };
    const reply = await this.call(this.message(MOUNT_PROG, 3, 1, args, Buffer.from(path)));
    assert.equal(reply.uint32(), 0);
    return Buffer.from(reply.opaque(64));
  }

  createMessage(dir: Buffer, name: string): Buffer {
    const where = { dir, name: Buffer.from(name) };
    return this.message(NFS_PROG, 3, 8, CREATE3args, { where, how: { mode: GUARDED, obj_attributes: attributes } });
  }

  /** The handle of a new file. */
  async create(dir: Buffer, name: string): Promise<Buffer> {
    const reply = await this.call(this.createMessage(dir, name));
    assert.deepEqual([reply.uint32(), reply.uint32()], [0, 1]);
    return Buffer.from(reply.opaque(64));
  }

  mkdirMessage(dir: Buffer, name: string): Buffer {
    return this.message(NFS_PROG, 3, 9, MKDIR3args, { where: { dir, name: Buffer.from(name) }, attributes });
  }

  writeMessage(file: Buffer, offset: number, data: Buffer, stable: 0 | 1 | 2): Buffer {
    return this.message(NFS_PROG, 3, 7, WRITE3args, { file, offset, count: data.length, stable, data: [data] });
  }

  /** Writes, and tells the write verifier. */
  async write(file: Buffer, data: string): Promise<string> {
    const body = await this.wire.call(this.writeMessage(file, 0, Buffer.from(data), 0));
    assert.equal(body.readUInt32BE(REPLY_HEADER_BYTES), 0);
    return body.subarray(-8).toString('hex');
  }

  async getattr(object: Buffer): Promise<number> {
    const args: Xdr<Buffer> = { read: (from) => from.opaque(64), write: (to, value) => to.opaque(value) };
    return (await this.call(this.message(NFS_PROG, 3, 1, args, object))).uint32();
  }

  lockMessage(fh: Buffer, svid: number): Buffer {
    const alock = { caller_name: Buffer.from('client'), fh, oh: Buffer.from(`${svid}`), svid, l_offset: 0n, l_len: 0n };
    const cookie = Buffer.from('cook');
    return this.message(NLM_PROG, NLM4_VERS, 2, wideTypes.lockargs, {
      ...{ cookie, block: false, exclusive: true, alock, reclaim: false, state: 1 },
    });
  }

  /** Asks for an exclusive lock of a whole file. True if it is granted. */
  async lock(fh: Buffer, svid: number): Promise<boolean> {
    const reply = await this.call(this.lockMessage(fh, svid));
    reply.opaque(1024);
    return reply.uint32() === LCK_GRANTED;
  }
}
