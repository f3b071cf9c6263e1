import assert from 'node:assert/strict';
import {
  type Caller,
  type Created,
  type FileSystem,
  FsError,
  type FsErrorCode,
  type Inode,
} from '../../src/vfs/index.ts';
import type { HandleIndex, Place, VerifierSource } from '../../src/vfs/ports.ts';

export const bytes = (text: string): Buffer => Buffer.from(text);

export const ROOT: Caller = { uid: 0, gid: 0, groups: [], sync: true };
export const ALICE: Caller = { uid: 1001, gid: 1001, groups: [3000], sync: true };
export const BOB: Caller = { uid: 1002, gid: 1002, groups: [], sync: true };
/** In Alice's group by a supplementary one. */
export const CAROL: Caller = { uid: 1003, gid: 1003, groups: [5000, 1001], sync: true };

/** Fails unless the operation fails with that code. */
export async function failsWith(code: FsErrorCode, run: () => unknown): Promise<void> {
  let error: unknown;
  try {
    await run();
  } catch (caught) {
    error = caught;
  }
  if (!(error instanceof FsError)) assert.fail(`expected ${code}, got ${error ?? 'success'}`);
  assert.equal(error.code, code, error.toString());
}

export async function file(
  fs: FileSystem,
  caller: Caller,
  directory: Inode,
  name: string | Buffer,
  content: string | Buffer = '',
  mode = 0o644,
): Promise<Created> {
  const made = await fs.create(caller, directory, Buffer.from(name), { mode: 'guarded', attributes: { mode } });
  if (content.length > 0) await fs.write(caller, made.inode, 0, [Buffer.from(content)], 2);
  return made;
}

export async function directory(
  fs: FileSystem,
  caller: Caller,
  parent: Inode,
  name: string | Buffer,
  mode = 0o755,
): Promise<Inode> {
  return (await fs.mkdir(caller, parent, Buffer.from(name), { mode })).inode;
}

export async function contentOf(
  fs: FileSystem,
  caller: Caller,
  inode: Inode,
  offset = 0,
  count = 65536,
): Promise<Buffer> {
  const { data, release } = await fs.read(caller, inode, offset, count);
  const copy = Buffer.from(data);
  release?.();
  return copy;
}

/** Every name in a directory, read in replies of `perReply` entries. */
export async function names(
  fs: FileSystem,
  caller: Caller,
  inode: Inode,
  perReply = 1000,
  plus = false,
): Promise<Buffer[]> {
  const out: Buffer[] = [];
  for (let cookie = 0n; ; ) {
    let room = perReply;
    const { entries, eof } = await fs.readdir(caller, inode, cookie, plus, () => room-- > 0);
    out.push(...entries.map((entry) => entry.name));
    if (eof) return out;
    assert.ok(entries.length > 0, 'a listing that does not end');
    cookie = entries.at(-1)!.cookie;
  }
}

/** An index in memory; it outlives the file system that uses it, as the durable one does. */
export class MemoryIndex implements HandleIndex {
  readonly #places = new Map<string, Place[]>();

  places(key: Buffer): Place[] {
    return [...(this.#places.get(key.toString('latin1')) ?? [])];
  }

  add(entries: readonly { readonly key: Buffer; readonly place: Place }[]): void {
    for (const { key, place } of entries) {
      const known = this.places(key);
      if (known.some((each) => isSame(each, place))) continue;
      const copy = { parent: Buffer.from(place.parent), name: Buffer.from(place.name) };
      this.#places.set(key.toString('latin1'), [...known, copy]);
    }
  }

  remove(key: Buffer, place: Place): void {
    const left = this.places(key).filter((each) => !isSame(each, place));
    this.#places.set(key.toString('latin1'), left);
  }
}

function isSame(a: Place, b: Place): boolean {
  return a.parent.equals(b.parent) && a.name.equals(b.name);
}

export class CountingVerifier implements VerifierSource {
  current = Buffer.alloc(8, 1);
  advances = 0;

  advance(): void {
    this.advances += 1;
    this.current = Buffer.alloc(8, 1 + this.advances);
  }
}
