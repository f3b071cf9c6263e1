import { createHash } from 'node:crypto';
import type { FileLocator } from '../exports/index.ts';
import { END } from '../locks/range.ts';
import { type Client, clientKey, type HeldLock, ownerKeyOfRecord, type WaitingLock } from '../locks/records.ts';
import type { Share } from '../locks/shares.ts';
import type { KeptRecord } from '../state/index.ts';
import { AdminRefusal } from './admin.ts';
import type { Locking } from './locking.ts';
import type { LockReport, LocksReport } from './reports.ts';

/** Whose locks are to be released. */
type Release = { readonly owner: string } | { readonly client: string };

/** What an administrator can ask of the locks, and do to them. */
export class LockAdmin {
  private readonly locking: Locking;
  private readonly files: FileLocator;

  constructor(locking: Locking, files: FileLocator) {
    this.locking = locking;
    this.files = files;
  }

  async report(): Promise<LocksReport> {
    const { manager, grace } = this.locking;
    const locks = [
      ...manager.locks().map((lock) => this.describe('held', lock)),
      ...manager.waiters().map((waiter) => this.describe('waits', waiter)),
      ...manager.shares().map((share) => this.describeShare(share)),
    ];
    return { locks: [...(await Promise.all(locks)), ...manager.dormant().map(describeDormant)], grace: grace.isOpen };
  }

  /** Frees what an owner, or a client (by name or address), holds. Throws {@link AdminRefusal} if there is no such one. */
  async release(body: unknown): Promise<{ released: number }> {
    const request = releaseOf(body);
    return {
      released: 'owner' in request ? await this.releaseOwner(request.owner) : await this.releaseClient(request.client),
    };
  }

  private async releaseOwner(wanted: string): Promise<number> {
    const { manager } = this.locking;
    const owners = [
      ...manager.locks().map(({ owner }) => owner),
      ...manager.shares().map(({ owner }) => owner),
      ...manager.dormant().map(ownerKeyOfRecord),
    ];
    const owner = owners.find((owner) => ownerToken(owner) === wanted);
    if (owner === undefined) throw new AdminRefusal(`no owner ${wanted} holds a lock; "steadfs locks" lists them`);
    return await manager.freeOwner(owner);
  }

  private async releaseClient(wanted: string): Promise<number> {
    const { manager } = this.locking;
    const all: Client[] = [
      ...[...manager.locks(), ...manager.waiters()].map(({ tag }) => tag),
      ...manager.shares(),
      ...manager.dormant().map(({ client: name, address }) => ({ name, address })),
    ];
    const clients = new Map(
      all
        .filter(({ name, address }) => name === wanted || address === wanted)
        .map(({ name, address }) => [clientKey({ name, address }), { name, address }]),
    );
    if (clients.size === 0) throw new AdminRefusal(`no client ${wanted} holds a lock; "steadfs locks" lists them`);
    let released = 0;
    for (const client of clients.values()) released += (await manager.freeClient(client)).locks;
    return released;
  }

  private async describe(kind: LockReport['kind'], lock: HeldLock | WaitingLock): Promise<LockReport> {
    const { tag, owner, exclusive, start, end } = lock;
    const { name: client, address, svid, since } = tag;
    return {
      ...{ kind, owner: ownerToken(owner), client, address, svid, exclusive, since },
      fileid: await this.fileidOf(tag.handle),
      start: start.toString(),
      end: end === END ? undefined : end.toString(),
    };
  }

  private async describeShare({
    owner,
    name: client,
    address,
    access,
    mode,
    since,
    handle,
  }: Share): Promise<LockReport> {
    return {
      ...{ kind: 'share', access, denies: mode, owner: ownerToken(owner), client, address, svid: 0, since },
      ...{ fileid: await this.fileidOf(handle), exclusive: mode !== 0, start: '0', end: undefined },
    };
  }

  private async fileidOf(handle: Buffer): Promise<string | undefined> {
    try {
      const { fileSystem, inode } = await this.files.locate(handle);
      const { fileidHigh, fileidLow } = await fileSystem.attributes(inode);
      return ((BigInt(fileidHigh) << 32n) | BigInt(fileidLow)).toString();
    } catch {
      // The file is gone, or its export is not mounted now.
      return undefined;
    }
  }
}

function describeDormant(record: KeptRecord): LockReport {
  const { client, address, since } = record;
  const common = { owner: ownerToken(ownerKeyOfRecord(record)), client, address, since, fileid: undefined };
  if (record.kind === 'share') {
    const { access, mode } = record;
    return {
      kind: 'share',
      ...common,
      access,
      denies: mode,
      svid: 0,
      exclusive: mode !== 0,
      start: '0',
      end: undefined,
    };
  }
  const { svid, exclusive, start, end } = record;
  return {
    ...{ kind: record.kind === 'lock' ? 'held' : 'waits', ...common, svid, exclusive },
    ...{ start: start.toString(), end: end === END ? undefined : end.toString() },
  };
}

function releaseOf(body: unknown): Release {
  if (typeof body === 'object' && body !== null && Object.keys(body).length === 1) {
    if ('owner' in body && typeof body.owner === 'string' && body.owner !== '') return { owner: body.owner };
    if ('client' in body && typeof body.client === 'string' && body.client !== '') return { client: body.client };
  }
  throw new AdminRefusal('name an owner or a client');
}

/** An owner is named by bytes that no terminal takes; this is as good, and short. */
function ownerToken(owner: string): string {
  return createHash('sha256').update(owner, 'latin1').digest('hex').slice(0, 12);
}
