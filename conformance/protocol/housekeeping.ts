import { randomBytes } from 'node:crypto';
import type { Need } from './case.ts';
import { NFS3, type sattr3 } from './programs/nfs3.ts';
import { authSys, type Client, client, type User } from './rpc/client.ts';
import type { Transport } from './rpc/transport.ts';
import { ALICE, ROOT, type Target } from './target.ts';

const MODE_OF_FOLDERS = 0o777;
const COUNT = 8192;

/** `sattr3` that sets nothing but what is named. */
export function sattr(set: Partial<sattr3> = {}): sattr3 {
  return {
    ...{ mode: undefined, uid: undefined, gid: undefined, size: undefined },
    ...{ atime: { set_it: 'DONT_CHANGE' }, mtime: { set_it: 'DONT_CHANGE' } },
    ...set,
  };
}

export interface Folder {
  readonly name: string;
  readonly handle: Buffer;
}

/**
 * The suite's own folder on the export, and what was found out when it was made. Each case has a folder in it; everything
 * goes through NFSv3, so that the suite needs nothing of the server but its network address.
 */
export class Housekeeping {
  readonly #target: Target;
  #transport: Transport | undefined;
  #folder: { folder: Folder; maker: User } | undefined;
  #made = 0;
  /** Needs that the server does not meet, and why. */
  readonly unmet = new Map<Need, string>();
  /** Why there is no folder to write into. */
  unwritable: string | undefined;

  private constructor(target: Target) {
    this.#target = target;
  }

  static async open(target: Target): Promise<Housekeeping> {
    const housekeeping = new Housekeeping(target);
    await housekeeping.#begin();
    return housekeeping;
  }

  /** The name of the suite's folder under the export. */
  get folderName(): string | undefined {
    return this.#folder?.folder.name;
  }

  async #begin(): Promise<void> {
    const name = `conformance-${randomBytes(6).toString('hex')}`;
    const refusals: string[] = [];
    for (const maker of [ROOT, ALICE]) {
      const made = await this.#makeFolder(this.#target.root, name, maker);
      if (typeof made !== 'string') {
        this.#folder = { folder: made, maker };
        break;
      }
      refusals.push(`${made} for uid ${maker.uid}`);
    }
    if (this.#folder === undefined) {
      this.unwritable = `the export's root cannot be written to: ${refusals.join(', ')}`;
      return;
    }
    if (!(await this.#keepsUid(ROOT))) this.unmet.set('root', 'the server squashes uid 0');
    if (!(await this.#keepsUid(ALICE))) this.unmet.set('users', 'the server squashes users');
  }

  /** A fresh folder that belongs to ALICE and that everybody may write into. */
  async newFolder(): Promise<Folder> {
    if (this.#folder === undefined) throw new Error(this.unwritable);
    const made = await this.#makeFolder(this.#folder.folder.handle, `case-${++this.#made}`, ALICE);
    if (typeof made === 'string') throw new Error(`no folder for the case: ${made}`);
    return made;
  }

  async removeFolder({ name, handle }: Folder): Promise<void> {
    if (this.#folder === undefined) return;
    await this.#empty(handle, ALICE);
    await this.#remove('RMDIR', this.#folder.folder.handle, name, [ALICE, this.#folder.maker]);
  }

  /** Removes the suite's folder with all that is left in it. */
  async close(): Promise<void> {
    try {
      if (this.#folder === undefined) return;
      const { folder, maker } = this.#folder;
      await this.#empty(folder.handle, maker);
      await this.#remove('RMDIR', this.#target.root, folder.name, [maker]);
      this.#folder = undefined;
    } finally {
      this.#transport?.close();
    }
  }

  /** The connection is not as it was, for instance after a restart. */
  forgetConnection(): void {
    this.#transport?.close();
    this.#transport = undefined;
  }

  async #as(user: User): Promise<Client<typeof NFS3>> {
    // Servers close connections that have been idle.
    if (this.#transport?.isOpen !== true) this.#transport = await this.#target.connect(NFS3);
    return client(NFS3, this.#transport, authSys(user));
  }

  /** The folder, or the status that says why there is none. */
  async #makeFolder(dir: Buffer, name: string, user: User): Promise<Folder | string> {
    const nfs = await this.#as(user);
    const made = await nfs.MKDIR({ where: { dir, name }, attributes: sattr({ mode: MODE_OF_FOLDERS }) });
    if (made.status !== 'NFS3_OK') return made.status;
    const found = await nfs.LOOKUP({ what: { dir, name } });
    if (found.status !== 'NFS3_OK') return found.status;
    const set = { object: found.object, new_attributes: sattr({ mode: MODE_OF_FOLDERS }), guard: undefined };
    const { status } = await nfs.SETATTR(set);
    return status === 'NFS3_OK' ? { name, handle: found.object } : status;
  }

  async #keepsUid(user: User): Promise<boolean> {
    if (this.#folder === undefined) return false;
    const dir = this.#folder.folder.handle;
    const name = `probe-${user.uid}`;
    const made = await this.#makeFolder(dir, name, user);
    if (typeof made === 'string') return false;
    const attributes = await (await this.#as(user)).GETATTR({ object: made.handle });
    await this.#remove('RMDIR', dir, name, [user]);
    return attributes.status === 'NFS3_OK' && attributes.obj_attributes.uid === user.uid;
  }

  /** Empties a folder, as its owner where modes or owners are in the way. */
  async #empty(dir: Buffer, owner: User): Promise<void> {
    const nfs = await this.#as(owner);
    await nfs.SETATTR({ object: dir, new_attributes: sattr({ mode: MODE_OF_FOLDERS }), guard: undefined });
    for (;;) {
      const listing = await nfs.READDIR({ dir, cookie: 0n, cookieverf: Buffer.alloc(8), count: COUNT });
      if (listing.status !== 'NFS3_OK') throw new Error(`a folder cannot be listed: ${listing.status}`);
      const names = listing.reply.entries.map(({ name }) => name).filter((name) => name !== '.' && name !== '..');
      if (names.length === 0 && listing.reply.eof) return;
      for (const name of names) await this.#removeEntry(dir, name, owner);
    }
  }

  async #removeEntry(dir: Buffer, name: string, owner: User): Promise<void> {
    const nfs = await this.#as(owner);
    const found = await nfs.LOOKUP({ what: { dir, name } });
    if (found.status !== 'NFS3_OK') throw new Error(`${name} cannot be looked up: ${found.status}`);
    const attributes = await nfs.GETATTR({ object: found.object });
    if (attributes.status !== 'NFS3_OK') throw new Error(`${name} has no attributes: ${attributes.status}`);
    const { type, uid, gid } = attributes.obj_attributes;
    const maker = { uid, gid };
    if (type === 'NF3DIR') await this.#empty(found.object, maker);
    await this.#remove(type === 'NF3DIR' ? 'RMDIR' : 'REMOVE', dir, name, [maker, owner, ROOT]);
  }

  async #remove(procedure: 'REMOVE' | 'RMDIR', dir: Buffer, name: string, users: readonly User[]): Promise<void> {
    const refusals: string[] = [];
    for (const user of users) {
      const { status } = await (await this.#as(user))[procedure]({ object: { dir, name } });
      if (status === 'NFS3_OK' || status === 'NFS3ERR_NOENT') return;
      refusals.push(status);
    }
    throw new Error(`${name} cannot be removed: ${refusals.join(', ')}`);
  }
}
