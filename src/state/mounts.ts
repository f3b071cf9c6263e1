/** One line of the mount table: who says that it mounted what. Advisory, as RFC 1813 §5 has it; nothing depends on it. */
export interface Mount {
  /** The client's address. */
  readonly client: string;
  /** The path as the client asked for it, in bytes. */
  readonly path: Buffer;
  /** Milliseconds since 1970, of the latest MNT. */
  readonly since: number;
}

/** Where a mount table keeps its lines. Writing may go on after the call returns. */
export interface MountKeeper {
  load(): Mount[];
  keep(mount: Mount): void;
  drop(mount: Mount): void;
}

export const FORGETFUL: MountKeeper = { load: () => [], keep: () => {}, drop: () => {} };

/** Clients that never say UMNT must not fill the memory. */
const MAX_MOUNTS = 100_000;

export interface MountTableOptions {
  /** Lines kept at most; the oldest go first. */
  readonly max?: number;
  readonly now?: () => number;
}

/** Who has mounted what (`rmtab`): what DUMP lists and UMNT takes away. */
export class MountTable {
  private readonly keeper: MountKeeper;
  private readonly max: number;
  private readonly now: () => number;
  /** Oldest first. */
  private readonly mounts = new Map<string, Mount>();
  private readonly keysOf = new Map<string, Set<string>>();

  constructor(keeper: MountKeeper = FORGETFUL, options: MountTableOptions = {}) {
    this.keeper = keeper;
    this.max = options.max ?? MAX_MOUNTS;
    this.now = options.now ?? Date.now;
    for (const mount of keeper.load().sort((a, b) => a.since - b.since)) this.insert(mount);
  }

  get size(): number {
    return this.mounts.size;
  }

  /** A client that mounts the same path again has one line, with the later time. */
  add(client: string, path: Buffer): void {
    const mount = { client, path: Buffer.from(path), since: this.now() };
    this.forget(keyOf(client, path));
    this.insert(mount);
    this.keeper.keep(mount);
    for (const [key, oldest] of this.mounts) {
      if (this.mounts.size <= this.max) break;
      this.forget(key);
      this.keeper.drop(oldest);
    }
  }

  /** @returns false if there was no such line. */
  remove(client: string, path: Buffer): boolean {
    const mount = this.forget(keyOf(client, path));
    if (mount === undefined) return false;
    this.keeper.drop(mount);
    return true;
  }

  /** @returns how many lines went. */
  removeAll(client: string): number {
    const keys = [...(this.keysOf.get(client) ?? [])];
    for (const key of keys) {
      const mount = this.forget(key);
      if (mount !== undefined) this.keeper.drop(mount);
    }
    return keys.length;
  }

  /** Oldest first. */
  list(): Mount[] {
    return [...this.mounts.values()];
  }

  private insert(mount: Mount): void {
    const key = keyOf(mount.client, mount.path);
    this.mounts.set(key, mount);
    let keys = this.keysOf.get(mount.client);
    if (keys === undefined) this.keysOf.set(mount.client, (keys = new Set()));
    keys.add(key);
  }

  private forget(key: string): Mount | undefined {
    const mount = this.mounts.get(key);
    if (mount === undefined) return undefined;
    this.mounts.delete(key);
    const keys = this.keysOf.get(mount.client);
    keys?.delete(key);
    if (keys?.size === 0) this.keysOf.delete(mount.client);
    return mount;
  }
}

function keyOf(client: string, path: Buffer): string {
  return `${client}\0${path.toString('latin1')}`;
}
