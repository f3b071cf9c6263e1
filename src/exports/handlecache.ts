import type { File } from './contract.ts';
import type { ServedExport } from './served.ts';

/** A handle that was checked, and the file it names. `file` is what the last caller was given. */
export interface KnownHandle {
  readonly handle: Buffer;
  readonly served: ServedExport;
  file: File;
}

/** Handles that were checked before: found without copying or hashing them. Forgets those not used lately. */
export class HandleCache {
  readonly #capacity: number;
  #young = new Map<number, KnownHandle>();
  #old = new Map<number, KnownHandle>();

  /** Holds at least the `capacity` handles used last, and at most twice as many. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** @returns undefined also for a handle whose file has been let go. */
  get(handle: Buffer): KnownHandle | undefined {
    const key = keyOf(handle);
    let known = this.#young.get(key);
    if (known === undefined) {
      known = this.#old.get(key);
      if (known === undefined) return undefined;
      this.#keep(key, known);
    }
    return !known.file.inode.closed && known.handle.equals(handle) ? known : undefined;
  }

  set(known: KnownHandle): void {
    this.#keep(keyOf(known.handle), known);
  }

  clear(): void {
    this.#young = new Map();
    this.#old = new Map();
  }

  #keep(key: number, known: KnownHandle): void {
    if (this.#young.size >= this.#capacity) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, known);
  }
}

/** The end of a handle is its MAC: already as good as a hash. Kept a small integer, which costs no allocation. */
function keyOf(handle: Buffer): number {
  const end = handle.length;
  return (handle[end - 4]! << 24) | (handle[end - 3]! << 16) | (handle[end - 2]! << 8) | handle[end - 1]!;
}
