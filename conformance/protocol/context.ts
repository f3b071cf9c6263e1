import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { NotApplicable } from './expect.ts';
import type { Folder, Housekeeping } from './housekeeping.ts';
import { MOUNT1 } from './programs/mount.ts';
import { NFS2 } from './programs/nfs2.ts';
import { NFS3 } from './programs/nfs3.ts';
import type { Program } from './programs/program.ts';
import { authSys, type Client, client, type User } from './rpc/client.ts';
import { TcpTransport } from './rpc/tcp.ts';
import type { OpenOptions, Transport } from './rpc/transport.ts';
import { UdpTransport } from './rpc/udp.ts';
import { ALICE, ROOT, type Target, type Way } from './target.ts';

/** File systems note times by the kernel's tick, of at most 10 ms. */
const TICK_MILLISECONDS = 25;
const RESTART_MILLISECONDS = 60_000;

/** What a case has to work with. All that it opens or makes is gone after the case. */
export class Context {
  readonly target: Target;
  /** NFSv3 as ALICE, by TCP. */
  readonly nfs: Client<typeof NFS3>;
  readonly #housekeeping: Housekeeping;
  readonly #opened: Transport[] = [];
  /** The connection to each program that {@link on} has used. */
  readonly #connections = new Map<Program, Promise<Transport>>();
  #folder: Promise<Folder> | undefined;
  #folder2: Promise<Buffer> | undefined;

  constructor(target: Target, housekeeping: Housekeeping) {
    this.target = target;
    this.#housekeeping = housekeeping;
    this.nfs = this.as(ALICE);
  }

  /** The handle of the export's root. */
  get root(): Buffer {
    return this.target.root;
  }

  /** NFSv3 as another user, on the same connection. */
  as(user: User): Client<typeof NFS3> {
    return this.on(NFS3, user);
  }

  /** A program's procedures as a user, by TCP, on the one connection that the case has to it. */
  on<P extends Program>(program: P, user: User = ALICE): Client<P> {
    const methods = Object.keys(program.procedures).map((name) => [
      name,
      async (args: unknown) => {
        const procedures: { [procedure: string]: (args: never) => Promise<unknown> } = client(
          program,
          await this.#connection(program),
          authSys(user),
        );
        return procedures[name]?.(args as never);
      },
    ]);
    return Object.fromEntries(methods) as Client<P>;
  }

  /** A folder of the case's own: ALICE's, mode 0777, and empty. */
  async folder(): Promise<Buffer> {
    return (await this.#ownFolder()).handle;
  }

  /** The path under which that folder can be mounted. */
  async folderPath(): Promise<string> {
    const { name } = await this.#ownFolder();
    return `${this.target.options.path.replace(/\/$/, '')}/${this.#housekeeping.folderName}/${name}`;
  }

  /** The same folder's handle for NFSv2. */
  folder2(): Promise<Buffer> {
    this.#folder2 ??= this.#lookUpFolder2();
    return this.#folder2;
  }

  /** A program's procedures as functions, on a connection of its own. */
  async client<P extends Program>(
    program: P,
    { user = ALICE, ...way }: Way & { user?: User } = {},
  ): Promise<Client<P>> {
    return client(program, await this.#open(program, way), authSys(user));
  }

  /** A new TCP connection to a program, for a case that sends what no client would. */
  async tcp(program: Program = NFS3, options: OpenOptions = {}): Promise<TcpTransport> {
    const transport = await TcpTransport.open(await this.target.endpoint(program), options);
    this.#opened.push(transport);
    return transport;
  }

  async udp(program: Program = NFS3, options: OpenOptions = {}): Promise<UdpTransport> {
    const transport = await UdpTransport.open(await this.target.endpoint(program, { kind: 'udp' }), options);
    this.#opened.push(transport);
    return transport;
  }

  /** The root of the second export. The case says `needs: ['second-export']`. */
  secondRoot(): Promise<Buffer> {
    const { secondPath } = this.target.options;
    if (secondPath === undefined) throw new NotApplicable('no second export was named (--second-export)');
    return this.target.mount(secondPath);
  }

  /** Restarts the server and waits until it answers. The case says `needs: ['restart'], alone: true`. */
  async restart(): Promise<void> {
    const { restart } = this.target.options;
    if (restart === undefined) throw new NotApplicable('no command to restart the server was given (--restart)');
    this.#closeAll();
    this.#housekeeping.forgetConnection();
    await run(restart);
    const deadline = Date.now() + RESTART_MILLISECONDS;
    for (;;) {
      try {
        await this.as(ROOT).NULL();
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        this.#closeAll();
        await sleep(TICK_MILLISECONDS);
      }
    }
  }

  /** Waits until the server's file times have moved on. */
  async tick(): Promise<void> {
    await sleep(TICK_MILLISECONDS);
  }

  /** Closes what the case has opened, and removes its folder. */
  async close(): Promise<void> {
    this.#closeAll();
    const folder = await this.#folder?.catch(() => undefined);
    if (folder !== undefined) await this.#housekeeping.removeFolder(folder);
  }

  #ownFolder(): Promise<Folder> {
    const { unwritable } = this.#housekeeping;
    if (unwritable !== undefined) throw new NotApplicable(unwritable);
    this.#folder ??= this.#housekeeping.newFolder();
    return this.#folder;
  }

  async #lookUpFolder2(): Promise<Buffer> {
    const missing = await this.target.missing(MOUNT1);
    if (missing !== undefined) throw new NotApplicable(`no handles for NFSv2: ${missing}`);
    const { name } = await this.#ownFolder();
    const nfs = this.on(NFS2);
    let dir = await this.target.mount2(this.target.options.path);
    for (const each of [this.#housekeeping.folderName ?? '', name]) {
      const found = await nfs.LOOKUP({ dir, name: each });
      if (found.status !== 'NFS_OK') throw new Error(`the case's folder cannot be looked up by NFSv2: ${found.status}`);
      dir = found.file;
    }
    return dir;
  }

  #connection(program: Program): Promise<Transport> {
    const opened = this.#connections.get(program) ?? this.#open(program);
    this.#connections.set(program, opened);
    return opened;
  }

  async #open(program: Program, way: Way = {}): Promise<Transport> {
    const transport = await this.target.connect(program, way);
    this.#opened.push(transport);
    return transport;
  }

  #closeAll(): void {
    for (const transport of this.#opened.splice(0)) transport.close();
    this.#connections.clear();
  }
}

function run(command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const shell = spawn('sh', ['-c', command], { stdio: ['ignore', 'ignore', 'inherit'] });
    shell.once('error', reject);
    shell.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`the restart command failed (${code})`));
    });
  });
}
