import { readFileSync, realpathSync, statSync } from 'node:fs';
import { asServer } from '../vfs/local/index.ts';
import { isWithin } from './path.ts';

/** One line of /proc/self/mountinfo (proc(5)). */
export interface Mount {
  readonly id: number;
  readonly parent: number;
  /** Where it is mounted. */
  readonly path: string;
  readonly type: string;
}

/** Where the mount table comes from. */
export interface MountSource {
  /** The text of /proc/self/mountinfo. */
  read(): string;
  /** A path without symbolic links, as the mount table has it. Throws if there is no such path. */
  realPath(path: string): string;
  /** Tells the folder that a path leads to from another that takes its place. Throws if there is none. */
  folder(path: string): string;
}

/** Looked at as the server itself: this thread may still have the identity of the last caller. */
export const systemMounts: MountSource = {
  read: () => asServer(() => readFileSync('/proc/self/mountinfo', 'utf8')),
  realPath: (path) => asServer(() => realpathSync.native(path)),
  folder: (path) => {
    const { dev, ino, birthtimeNs } = asServer(() => statSync(path, { bigint: true }));
    return `${dev} ${ino} ${birthtimeNs}`;
  },
};

/** Reads the mount table, without the mounts that others hide. */
export function parseMounts(text: string): Mount[] {
  return visible(text.split('\n').flatMap(parseMount));
}

/** The mount that a path is on; the path has no symbolic links. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let deepest: Mount | undefined;
  for (const mount of mounts) {
    if (isWithin(path, mount.path) && mount.path.length >= (deepest?.path.length ?? 0)) deepest = mount;
  }
  return deepest;
}

function parseMount(line: string): Mount[] {
  const fields = line.split(' ');
  const separator = fields.indexOf('-', 6);
  const [id, parent] = [Number(fields[0]), Number(fields[1])];
  const path = fields[4];
  const type = fields[separator + 1];
  if (separator < 0 || path === undefined || type === undefined || !Number.isInteger(id + parent)) return [];
  return [{ id, parent, path: unescapeOctal(path), type }];
}

/** The kernel writes blanks and backslashes as octal bytes and leaves all other bytes as they are. */
function unescapeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** A mount is hidden if another covers its root, or lies above it on its own parent's tree, or hides its parent. */
function visible(mounts: readonly Mount[]): Mount[] {
  const byId = new Map(mounts.map((mount) => [mount.id, mount]));
  const siblings = new Map<number, Mount[]>();
  for (const mount of mounts) {
    const known = siblings.get(mount.parent);
    if (known === undefined) siblings.set(mount.parent, [mount]);
    else known.push(mount);
  }
  const isOvershadowed = (mount: Mount): boolean => {
    const above = (other: Mount) => other.path !== mount.path && isWithin(mount.path, other.path);
    if (siblings.get(mount.parent)?.some((other) => other !== mount && above(other))) return true;
    const parent = byId.get(mount.parent);
    return parent !== undefined && parent !== mount && isOvershadowed(parent);
  };
  return mounts.filter((mount) => {
    const isCovered = siblings.get(mount.id)?.some((other) => other !== mount && other.path === mount.path);
    return isCovered !== true && !isOvershadowed(mount);
  });
}
