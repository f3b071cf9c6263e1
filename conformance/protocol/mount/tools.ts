import { cases, type Draft } from '../case.ts';
import type { Context } from '../context.ts';
import { check, equal, NotApplicable } from '../expect.ts';
import { attributesOf } from '../nfs3/tools.ts';
import { MOUNT1, MOUNT2, MOUNT3 } from '../programs/mount.ts';
import type { Client, User } from '../rpc/client.ts';
import { RpcRefused, refusalOf } from '../rpc/failures.ts';
import { ROOT, type Way } from '../target.ts';

/** One version of MOUNT: what its cases are called, and where it is described. */
export interface Version {
  readonly number: 1 | 2 | 3;
  readonly program: typeof MOUNT1 | typeof MOUNT2 | typeof MOUNT3;
}
export const VERSIONS: readonly Version[] = [
  { number: 1, program: MOUNT1 },
  { number: 2, program: MOUNT2 },
  { number: 3, program: MOUNT3 },
];

/** Appendix A of RFC 1094 is version 1, which version 2 repeats; RFC 1813 has version 3. */
export function mountCases({ number, program }: Version, procedure: string, section: string, drafts: readonly Draft[]) {
  const clause = number === 3 ? `RFC 1813 §5.2.${section}` : 'RFC 1094 §A.5';
  return cases({ program, procedure, clause }, drafts);
}

/** What MNT answers, in version 3's words whichever version was asked. */
export interface Mounted {
  readonly status: string;
  /** Of 32 bytes in the versions before 3. */
  readonly handle: Buffer | undefined;
  readonly flavors: readonly number[];
}

const NEWER_WORDS: { readonly [name: string]: string } = {
  OK: 'MNT3_OK',
  EPERM: 'MNT3ERR_PERM',
  ENOENT: 'MNT3ERR_NOENT',
  EIO: 'MNT3ERR_IO',
  EACCES: 'MNT3ERR_ACCES',
  ENOTDIR: 'MNT3ERR_NOTDIR',
  EINVAL: 'MNT3ERR_INVAL',
  ENAMETOOLONG: 'MNT3ERR_NAMETOOLONG',
};

type Caller = Way & { readonly user?: User };

/**
 * MNT as root unless said otherwise. Where an older version's MNT is not there, as in servers without NFSv2, the case is
 * not applicable: one of them says so.
 */
export async function mnt(t: Context, { number }: Version, path: string, caller: Caller = {}): Promise<Mounted> {
  const as = { user: ROOT, ...caller };
  if (number === 3) {
    const res = await (await t.client(MOUNT3, as)).MNT(path);
    return res.fhs_status === 'MNT3_OK'
      ? { status: res.fhs_status, handle: res.fhandle, flavors: res.auth_flavors }
      : { status: res.fhs_status, handle: undefined, flavors: [] };
  }
  const old = await t.client(number === 1 ? MOUNT1 : MOUNT2, as);
  const res = await old.MNT(path).catch((error) => {
    if (error instanceof RpcRefused && refusalOf(error.body) === 'PROC_UNAVAIL') throw new NotApplicable('no such MNT');
    throw error;
  });
  const handle = res.status === 'OK' ? res.directory : undefined;
  return { status: NEWER_WORDS[res.status] ?? res.status, handle, flavors: [] };
}

/** The handle that MNT gives, which has to succeed. */
export async function mounted(t: Context, version: Version, path: string, caller: Caller = {}): Promise<Buffer> {
  const { status, handle } = await mnt(t, version, path, caller);
  check(handle !== undefined, `MNT3_OK for ${path}`, status);
  return handle;
}

/** What MNT may say where there is nothing for the caller: whether a path is there is not for everybody to know. */
export const NOTHING_THERE = ['MNT3ERR_NOENT', 'MNT3ERR_ACCES', 'MNT3ERR_PERM'];

export async function isRefused(
  t: Context,
  version: Version,
  path: string,
  statuses: readonly string[] = NOTHING_THERE,
): Promise<void> {
  const { status } = await mnt(t, version, path);
  check(statuses.includes(status), `${statuses.join(' or ')} for ${JSON.stringify(path)}`, status);
}

/** Any error is right, as long as there is no handle. */
export async function isNotMounted(t: Context, version: Version, path: string): Promise<void> {
  const { status } = await mnt(t, version, path);
  check(status !== 'MNT3_OK', `an error for ${JSON.stringify(path.slice(0, 80))}`, status);
}

/** Throws NotApplicable where the whole tree is exported, so that no path leads out. */
export function hasOutside(t: Context): void {
  if (exportPath(t) === '') throw new NotApplicable('the root of the file tree is exported: nothing lies outside');
}

/** The export's path without a slash at its end. */
export function exportPath(t: Context): string {
  return t.target.options.path.replace(/\/+$/, '');
}

/** The procedures that every version has alike, as root. */
export function listing(t: Context, { program }: Version, caller: Caller = {}): Promise<Client<typeof MOUNT3>> {
  // They are the same procedures in each version, of which the caller uses no other.
  return t.client({ ...MOUNT3, version: program.version }, { user: ROOT, ...caller });
}

/** A handle of NFSv3's names the object with this fileid. */
export async function isObject(t: Context, handle: Buffer, truth: Buffer): Promise<void> {
  const [a, b] = [await attributesOf(t.nfs, handle), await attributesOf(t.nfs, truth)];
  equal('fileid and fsid', [a.fileid, a.fsid], [b.fileid, b.fsid]);
}
