import { mkdir } from 'node:fs/promises';
import type { FileSystem, HandleIndex, Place } from '../../../src/vfs/index.ts';
import { openLocalFileSystem } from '../../../src/vfs/local/index.ts';

/** A new folder on the disk as a file system. As root by kernel handles, otherwise by an index that is kept in memory. */
export async function openFolder(path: string, verifier: string): Promise<FileSystem> {
  await mkdir(path);
  return openLocalFileSystem(path, {
    index: new MemoryIndex(),
    verifier: { current: Buffer.from(verifier), advance: () => {} },
  });
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
