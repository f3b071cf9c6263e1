import type { HandleIndex, Place } from '../vfs/index.ts';
import { MemoryAliases } from './aliases.ts';
import { MemoryConnections } from './connections.ts';
import { Fsids } from './fsids.ts';
import { MemoryLocks } from './locks.ts';
import { MemoryMonitors } from './monitors.ts';
import { MountTable } from './mounts.ts';
import { MemoryReplies } from './replies.ts';
import { secretOf } from './secret.ts';
import { MemorySettings, type Settings } from './settings.ts';
import type { StateStore } from './store.ts';
import { Verifier } from './verifier.ts';

/** A store that is gone with the process: for tests, and for a server that shall leave no trace. */
export class MemoryState implements StateStore {
  readonly secret: Buffer;
  readonly verifier: Verifier;
  readonly index: HandleIndex = new MemoryIndex();
  readonly mounts = new MountTable();
  readonly locks = new MemoryLocks();
  readonly monitors = new MemoryMonitors();
  readonly aliases = new MemoryAliases();
  readonly connections = new MemoryConnections();
  readonly replies = new MemoryReplies();
  private readonly fsids: Fsids;

  constructor(settings: Settings = new MemorySettings(), bootId = 'memory') {
    this.secret = secretOf(settings);
    this.verifier = new Verifier(settings, this.secret, bootId);
    this.fsids = new Fsids(settings);
  }

  fsidFor(key: string): bigint {
    return this.fsids.fsidFor(key);
  }

  async close(): Promise<void> {}
}

class MemoryIndex implements HandleIndex {
  private readonly keys = new Map<string, Map<string, Place>>();

  places(key: Buffer): Place[] {
    return [...(this.keys.get(key.toString('latin1'))?.values() ?? [])];
  }

  add(entries: readonly { readonly key: Buffer; readonly place: Place }[]): void {
    for (const { key, place } of entries) {
      const id = key.toString('latin1');
      let places = this.keys.get(id);
      if (places === undefined) this.keys.set(id, (places = new Map()));
      places.set(idOf(place), { parent: Buffer.from(place.parent), name: Buffer.from(place.name) });
    }
  }

  remove(key: Buffer, place: Place): void {
    const id = key.toString('latin1');
    const places = this.keys.get(id);
    places?.delete(idOf(place));
    if (places?.size === 0) this.keys.delete(id);
  }
}

function idOf(place: Place): string {
  return `${place.parent.length} ${place.parent.toString('latin1')}${place.name.toString('latin1')}`;
}
