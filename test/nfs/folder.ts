import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Caller, FileSystem, HandleIndex, Place } from '../../src/vfs/index.ts';
import { openLocalFileSystem } from '../../src/vfs/local/index.ts';

/** A new folder on the disk as a file system. As root by kernel handles, otherwise by an index that is kept in memory. */
export async function openFolder(path: string, verifier: string): Promise<FileSystem> {
  await mkdir(path);
  return openLocalFileSystem(path, {
    index: new MemoryIndex(),
    verifier: { current: Buffer.from(verifier), advance: () => {} },
  });
}

/** Two empty temporary folders until the test ends, and who runs it. */
export async function openTwoFolders(t: TestContext) {
  const base = await mkdtemp(join(tmpdir(), 'steadfs-nfs-'));
  t.after(() => rm(base, { recursive: true, force: true }));
  const folders = [join(base, 'folder'), join(base, 'other')] as const;
  const fileSystems = [await openFolder(folders[0], 'verifier'), await openFolder(folders[1], 'another ')] as const;
  t.after(() => Promise.all(fileSystems.map((fileSystem) => fileSystem.close())));
  const caller: Caller = { uid: process.getuid!(), gid: process.getgid!(), groups: process.getgroups!(), sync: false };
  return { folders, fileSystems, caller };
}

class MemoryIndex implements HandleIndex {
  private readonly byKey = new Map<string, Place[]>();

  places(key: Buffer): Place[] {
    return this.byKey.get(key.toString('hex')) ?? [];
  }

  add(entries: readonly { readonly key: Buffer; readonly place: Place }[]): void {
    for (const { key, place } of entries) {
      const places = this.places(key);
      if (places.some((known) => same(known, place))) continue;
      // Copies: what is given may be a view of a message.
      const copy = { parent: Buffer.from(place.parent), name: Buffer.from(place.name) };
      this.byKey.set(key.toString('hex'), [...places, copy]);
    }
  }

  remove(key: Buffer, place: Place): void {
    const left = this.places(key).filter((known) => !same(known, place));
    this.byKey.set(key.toString('hex'), left);
  }
}

function same(one: Place, other: Place): boolean {
  return one.parent.equals(other.parent) && one.name.equals(other.name);
}
