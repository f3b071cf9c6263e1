import type { Exports, File, View } from '../../src/exports/index.ts';
import { Grace } from '../../src/locks/grace.ts';
import { LockManager } from '../../src/locks/manager.ts';
import type { LockLimits } from '../../src/locks/requests.ts';
import { Callbacks, type CallbackTarget, type CallbackTimes, nlmPrograms } from '../../src/nlm/index.ts';
import type { RpcClient } from '../../src/rpc/index.ts';
import { type LockStore, MemoryState } from '../../src/state/index.ts';
import { type Caller, FsError, type Inode } from '../../src/vfs/index.ts';
import { MemoryFileSystem } from '../../src/vfs/memory/index.ts';
import { RememberingLog } from '../mount/fakes.ts';

const ROOT: Caller = { uid: 0, gid: 0, groups: [], sync: false };
const OTHER: Caller = { uid: 1000, gid: 1000, groups: [], sync: false };

/** What a client's lock manager was called with. */
export interface Told {
  readonly target: CallbackTarget;
  readonly procedure: number;
  readonly args: unknown;
}

/** A client's lock manager: answers NLM_GRANTED with what a test wants, or is not there. */
export class FakeClients {
  readonly told: Told[] = [];
  answer: (told: Told) => unknown = () => ({ cookie: Buffer.alloc(0), stat: 0 });
  forgotten = 0;
  /** How often each call is sent until it is answered. */
  copies = 1;

  async connect(target: CallbackTarget): Promise<RpcClient> {
    const note = (procedure: number, args: unknown) => {
      const told = { target, procedure, args };
      this.told.push(told);
      return told;
    };
    const client: Pick<RpcClient, 'call' | 'tell'> = {
      call: async (_program, _version, procedure, _argsType, args, _resType, options) => {
        for (let i = 0; i < this.copies; i++) options?.sent?.();
        return this.answer(note(procedure, args)) as never;
      },
      tell: (_program, _version, procedure, _argsType, args) => void note(procedure, args),
    };
    return client as RpcClient;
  }

  forget(): void {
    this.forgotten += 1;
  }
}

/** A file system of two files that two users may lock, as far as their modes let them, in a store that can fail. */
export class Subject {
  readonly fileSystem = new MemoryFileSystem();
  readonly clients = new FakeClients();
  readonly log = new RememberingLog();
  readonly grace: Grace;
  readonly watched: { name: string; address: string; state: number }[] = [];
  /** Looked at by {@link restart}. */
  limits: Partial<LockLimits> = {};
  /** What it takes to write down who is watched. */
  watching: Promise<void> = Promise.resolve();
  readonly store: LockStore;
  clock = 0;
  caller = ROOT;
  readOnly = false;
  failure: FsError | undefined;
  manager!: LockManager;
  programs!: ReturnType<typeof nlmPrograms>;
  readonly times: CallbackTimes;

  constructor(times: CallbackTimes = { answer: 1000, retry: 5, giveUp: 60_000 }, store = new MemoryState().locks) {
    this.times = times;
    this.store = store;
    this.grace = new Grace(this.log, () => this.clock);
    for (const [name, mode] of [
      ['open', 0o666],
      ['closed', 0o600],
    ] as const) {
      this.fileSystem.create(ROOT, this.fileSystem.root, Buffer.from(name), { mode: 'guarded', attributes: { mode } });
    }
    this.restart();
  }

  /** What is in memory goes, what is in the store stays. */
  restart(): void {
    const { log, grace, store } = this;
    const callbacks = new Callbacks({ caller: this.clients, log, name: 'server', times: this.times });
    this.manager = new LockManager({
      ...{ store, grace, log, limits: this.limits },
      locate: async (handle) => ({ fileSystem: this.fileSystem, inode: this.inodeOf(handle) }),
      watch: async ({ name, address, state }) => {
        await this.watching;
        this.watched.push({ name, address, state });
      },
    });
    this.manager.onGrant = (grant) => void callbacks.grant(grant);
    this.programs = nlmPrograms({ exports: this.exports(), manager: this.manager, callbacks, log });
  }

  beOther(): void {
    this.caller = OTHER;
  }

  private inodeOf(handle: Buffer): Inode {
    const name = handle.toString();
    if (name === 'root') return this.fileSystem.root;
    try {
      return this.fileSystem.lookup(ROOT, this.fileSystem.root, handle).inode;
    } catch {
      throw new FsError('STALE', 'handle');
    }
  }

  private exports(): Exports {
    const file = (handle: Buffer): File => {
      if (this.failure !== undefined) throw this.failure;
      const { fileSystem, caller, readOnly } = this;
      const view: Partial<View> = {
        ...{ fileSystem, caller, readOnly },
        access: (inode: Inode, wanted: number) => fileSystem.access(caller, inode, wanted),
      };
      return { view: view as View, inode: this.inodeOf(handle) };
    };
    return { file } as Partial<Exports> as Exports;
  }
}

/** Waits for what happens in a few turns of the event loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
}
