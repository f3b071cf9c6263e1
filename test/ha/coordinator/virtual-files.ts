import type { SharedFiles } from '../../../src/ha/coordinator/shared-files.ts';
import type { SimulatedHost } from './simulated-host.ts';

/** The longest that a host believes an old listing of a folder that others change. */
const MOST_STALE = 5000;

/** What is stored, with the folders' listings of the last while: a host may be shown an old one. */
export class VirtualDisk {
  readonly files = new Map<string, Buffer>();
  readonly folders = new Set<string>(['leases', 'nodes', 'documents']);
  private readonly listings = new Map<string, { readonly at: number; readonly names: readonly string[] }[]>();

  changed(folder: string, now: number): void {
    const history = this.listings.get(folder) ?? [];
    history.push({ at: now, names: this.namesIn(folder) });
    if (history.length > 50) history.shift();
    this.listings.set(folder, history);
  }

  /** As it was at a moment, or as it is. */
  listing(folder: string, at: number): readonly string[] {
    const history = this.listings.get(folder) ?? [];
    return history.findLast((listing) => listing.at <= at)?.names ?? history[0]?.names ?? this.namesIn(folder);
  }

  private namesIn(folder: string): string[] {
    const all = [...this.files.keys(), ...this.folders];
    return all.filter((path) => parent(path) === folder).map((path) => path.slice(folder.length + 1));
  }
}

/** A host's view of a virtual disk: slow at times, and listings may be old, but never older than the host's own last change. */
export class VirtualFiles implements SharedFiles {
  private readonly disk: VirtualDisk;
  private readonly host: SimulatedHost;
  private readonly ownChanges = new Map<string, number>();

  constructor(disk: VirtualDisk, host: SimulatedHost) {
    this.disk = disk;
    this.host = host;
  }

  list(folder: string): Promise<string[] | undefined> {
    return this.host.ask(() => {
      if (!this.disk.folders.has(folder)) return undefined;
      const now = this.host.time.now();
      const stale = this.host.random() < 0.3 ? this.host.random() * MOST_STALE : 0;
      return [...this.disk.listing(folder, Math.max(now - stale, this.ownChanges.get(folder) ?? 0))];
    });
  }

  makeFolder(folder: string): Promise<void> {
    return this.host.ask(() => {
      this.disk.folders.add(folder);
      this.changed(folder);
    });
  }

  read(path: string): Promise<Buffer | undefined> {
    return this.host.ask(() => this.disk.files.get(path));
  }

  create(path: string, content: Buffer): Promise<boolean> {
    return this.host.ask(() => {
      if (this.disk.files.has(path)) return false;
      this.disk.files.set(path, content);
      this.changed(path);
      return true;
    });
  }

  async add(path: string, content: Buffer): Promise<void> {
    await this.create(path, content);
  }

  overwrite(path: string, content: Buffer): Promise<boolean> {
    return this.replace(path, (old) => Buffer.concat([content, old.subarray(content.length)]));
  }

  append(path: string, content: Buffer): Promise<boolean> {
    return this.replace(path, (old) => Buffer.concat([old, content]));
  }

  remove(path: string): Promise<void> {
    return this.host.ask(() => {
      if (this.disk.files.delete(path)) this.changed(path);
    });
  }

  private replace(path: string, make: (old: Buffer) => Buffer): Promise<boolean> {
    return this.host.ask(() => {
      const old = this.disk.files.get(path);
      if (old !== undefined) this.disk.files.set(path, make(old));
      return old !== undefined;
    });
  }

  private changed(path: string): void {
    const now = this.host.time.now();
    this.disk.changed(parent(path), now);
    this.ownChanges.set(parent(path), now);
  }
}

function parent(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
