import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { ExportTable, type ExportTableOptions, parseExports } from '../../src/exports/index.ts';
import type { Call } from '../../src/rpc/index.ts';
import { MemoryAliases } from '../../src/state/index.ts';
import { FsError, type FsErrorCode, type Inode } from '../../src/vfs/index.ts';
import { callFrom, FakeFileSystem, FakeLog, FakeMounts, FakeResolver, SLOW } from './fakes.ts';

/** A node's storage, and the state that outlives its server. */
export class Lab {
  readonly secret = randomBytes(32);
  readonly fsids = new Map<string, bigint>();
  readonly aliases = new MemoryAliases();
  readonly mounts = new FakeMounts();
  readonly resolver = new FakeResolver();
  readonly log = new FakeLog();
  /** The trees that can be opened, by path. */
  readonly trees: Record<string, readonly string[]>;
  readonly opened: { path: string; fileSystem: FakeFileSystem }[] = [];

  constructor(trees: Record<string, readonly string[]>) {
    this.trees = trees;
  }

  /** A server; closed when the test ends. */
  async serve(
    t: TestContext,
    text: string,
    options: Pick<ExportTableOptions, 'isProbe' | 'changed'> = {},
  ): Promise<ExportTable> {
    const table = new ExportTable({
      ...options,
      ...{
        secret: this.secret,
        aliases: this.aliases,
        resolver: this.resolver,
        log: this.log,
        mounts: this.mounts,
        nameTimes: SLOW,
      },
      openFileSystem: (path) => this.#open(path),
      fsidFor: (key) => {
        if (!this.fsids.has(key)) this.fsids.set(key, BigInt(this.fsids.size + 1) << 40n);
        return this.fsids.get(key)!;
      },
    });
    t.after(() => table.close());
    await table.reload(parseExports(text, 'exports').exports);
    return table;
  }

  last(path: string): FakeFileSystem {
    return this.opened.findLast((each) => each.path === path)!.fileSystem;
  }

  #open(path: string): FakeFileSystem {
    const tree = this.trees[path];
    if (tree === undefined) throw new FsError('NOENT', 'open');
    const fileSystem = new FakeFileSystem(tree);
    this.opened.push({ path, fileSystem });
    return fileSystem;
  }
}

export const reload = (table: ExportTable, text: string) => table.reload(parseExports(text, 'exports').exports);
export const CLIENT = '10.0.0.1';

export function mount(table: ExportTable, path: string, call: Call = callFrom(CLIENT)) {
  return table.mount(Buffer.from(path), call);
}

export async function handleAt(table: ExportTable, path: string, call?: Call): Promise<Buffer> {
  const { view, inode } = await mount(table, path, call);
  return Buffer.from(table.handleOf(view, inode));
}

/** The same, however it is refused: by a throw or by a promise. */
async function attempt<T>(work: () => T): Promise<Awaited<T>> {
  return await work();
}

export function refuses(work: () => unknown, code: FsErrorCode, message?: string): Promise<void> {
  return assert.rejects(
    () => attempt(work),
    (error) => error instanceof FsError && error.code === code,
    message,
  );
}

export function bodyOf(inode: Inode): string {
  return inode.body.toString();
}
