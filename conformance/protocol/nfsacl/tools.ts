import type { Context } from '../context.ts';
import { check, Mismatch, NotApplicable, ok } from '../expect.ts';
import { handleOf as handleOf2, read as read2, write as write2 } from '../nfs2/tools.ts';
import { handleOf as handleOf3, newFile as newFile3, newFolder as newFolder3, sattr } from '../nfs3/tools.ts';
import { type fattr, NFS2 } from '../programs/nfs2.ts';
import type { post_op_attr } from '../programs/nfs3.ts';
import { ACL2, ACL3, type secattr } from '../programs/nfsacl.ts';
import type { User } from '../rpc/client.ts';
import { RpcRefused, refusalOf } from '../rpc/failures.ts';
import { ALICE } from '../target.ts';
import { EVERYTHING } from './acls.ts';

/** What is compared of the attributes that come with a reply. */
export interface Told {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly ctime: { readonly seconds: number; readonly fraction: number };
}
/** `OK`, `PERM`, `STALE`: what both versions have, without their prefixes. */
export interface Answer {
  readonly status: string;
  readonly attr: Told | undefined;
}
export type Got = Answer & { readonly acl?: secattr };

/** NFSACL of one version, with the NFS of that version beside it. */
export interface AclVersion {
  readonly program: typeof ACL2 | typeof ACL3;
  /** The handle of what these names lead to, from the case's folder on. */
  handleOf(t: Context, ...names: readonly string[]): Promise<Buffer>;
  getAcl(t: Context, fh: Buffer, mask?: number, user?: User): Promise<Got>;
  setAcl(t: Context, fh: Buffer, acl: secattr, user?: User): Promise<Answer>;
  attributesOf(t: Context, fh: Buffer): Promise<Told>;
  /** The status of a READ and of a WRITE as somebody. */
  read(t: Context, fh: Buffer, user: User): Promise<string>;
  write(t: Context, fh: Buffer, user: User): Promise<string>;
}

const plain = (status: string) => status.replace(/^NFS3?(ERR)?_/, '');

function told2({ mode, uid, gid, size, ctime }: fattr): Told {
  return { mode: mode & 0o7777, uid, gid, size, ctime: { seconds: ctime.seconds, fraction: ctime.useconds } };
}

function told3(attr: post_op_attr): Told | undefined {
  if (attr === undefined) return undefined;
  const { mode, uid, gid, size, ctime } = attr;
  return { mode, uid, gid, size: Number(size), ctime: { seconds: ctime.seconds, fraction: ctime.nseconds } };
}

export const V2: AclVersion = {
  program: ACL2,
  async handleOf(t, ...names) {
    let handle = await t.folder2();
    for (const name of names) handle = await handleOf2(t, handle, name);
    return handle;
  },
  async getAcl(t, fh, mask = EVERYTHING, user = ALICE) {
    const res = await t.on(ACL2, user).GETACL({ fh, mask });
    if (res.status !== 'NFS_OK') return { status: plain(res.status), attr: undefined };
    return { status: 'OK', attr: told2(res.attr), acl: res.acl };
  },
  async setAcl(t, fh, acl, user = ALICE) {
    const res = await t.on(ACL2, user).SETACL({ fh, acl });
    return { status: plain(res.status), attr: res.status === 'NFS_OK' ? told2(res.attributes) : undefined };
  },
  attributesOf: async (t, fh) => told2(ok(await t.on(NFS2).GETATTR(fh)).attributes),
  read: async (t, fh, user) => plain((await read2(t, fh, 0, 100, user)).status),
  write: async (t, fh, user) => plain((await write2(t, fh, 'abc', 0, user)).status),
};

export const V3: AclVersion = {
  program: ACL3,
  async handleOf(t, ...names) {
    let handle = await t.folder();
    for (const name of names) handle = await handleOf3(t.nfs, handle, name);
    return handle;
  },
  async getAcl(t, fh, mask = EVERYTHING, user = ALICE) {
    const res = await t.on(ACL3, user).GETACL({ fh, mask });
    const answer = { status: plain(res.status), attr: told3(res.attr) };
    return res.status === 'NFS3_OK' ? { ...answer, acl: res.acl } : answer;
  },
  async setAcl(t, fh, acl, user = ALICE) {
    const { status, attr } = await t.on(ACL3, user).SETACL({ fh, acl });
    return { status: plain(status), attr: told3(attr) };
  },
  async attributesOf(t, object) {
    const told = told3(ok(await t.nfs.GETATTR({ object })).obj_attributes);
    if (told === undefined) throw new Error('GETATTR always tells attributes');
    return told;
  },
  read: async (t, file, user) => plain((await t.as(user).READ({ file, offset: 0n, count: 100 })).status),
  async write(t, file, user) {
    const data = Buffer.from('abc');
    return plain((await t.as(user).WRITE({ file, offset: 0n, count: 3, stable: 'FILE_SYNC', data })).status);
  },
};

/** Makes a file by NFSv3, which every server under test has, and gives its handle for this version. */
export async function newFile(t: Context, { handleOf }: AclVersion, name = 'file', mode = 0o640): Promise<Buffer> {
  await setMode(t, await newFile3(t, name, { data: 'content' }), mode);
  return handleOf(t, name);
}

export async function newFolder(t: Context, { handleOf }: AclVersion, name = 'folder', mode = 0o755): Promise<Buffer> {
  await setMode(t, await newFolder3(t, name), mode);
  return handleOf(t, name);
}

/** Sets the mode of what has this NFSv3 handle. */
export async function setMode(t: Context, object: Buffer, mode: number): Promise<void> {
  ok(await t.nfs.SETATTR({ object, new_attributes: sattr({ mode }), guard: undefined }));
}

/** Makes a file in a folder that lies in the case's, with this mode asked for, and gives its handle. */
export async function newFileIn(t: Context, folder: string, name: string, mode: number): Promise<Buffer> {
  return newFile3(t, name, { dir: await handleOf3(t.nfs, await t.folder(), folder), mode });
}

/** GETACL, which has to succeed. */
export async function aclsOf(t: Context, { getAcl }: AclVersion, fh: Buffer, mask = EVERYTHING): Promise<secattr> {
  const { status, acl } = await getAcl(t, fh, mask);
  if (acl === undefined) throw new Mismatch('success', status);
  return acl;
}

/** SETACL, which has to succeed wherever the storage has ACLs. */
export async function set(t: Context, { setAcl }: AclVersion, fh: Buffer, acl: secattr, user?: User): Promise<Answer> {
  const answer = await setAcl(t, fh, acl, user);
  if (['NOTSUPP', 'OPNOTSUPP'].includes(answer.status)) throw new NotApplicable("the export's storage has no ACLs");
  check(answer.status === 'OK', 'success', answer.status);
  return answer;
}

/** Throws unless a SETACL was refused, also by the decoder: what is no ACL is no argument either. */
export async function isRefused(what: string, calling: Promise<Answer>): Promise<void> {
  let came: string;
  try {
    came = (await calling).status;
  } catch (error) {
    if (!(error instanceof RpcRefused)) throw error;
    came = refusalOf(error.body);
    check(came === 'GARBAGE_ARGS', `an error for ${what}`, came);
  }
  check(came !== 'OK', `an error for ${what}`, came);
}

/** Throws unless the status is one of these. */
export function hasStatus({ status }: Answer, ...expected: readonly string[]): void {
  check(expected.includes(status), expected.join(' or '), status);
}
