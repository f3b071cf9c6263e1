import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What the lab is made of. Those marked `always` are needed for any guest, the others by single tests. */
const PARTS = {
  root: { always: true, present: isRoot },
  'the right to make namespaces': {
    always: true,
    present: () => !isRoot() || spawnSync('unshare', ['--mount', '--net', '--pid', '--fork', 'true']).status === 0,
  },
  '/dev/net/tun': { always: true, present: () => existsSync('/dev/net/tun') },
  'linux.uml': { always: true, present: () => isCommand('linux.uml') },
  '/usr/lib/uml/modules': { always: true, present: () => hasEntries('/usr/lib/uml/modules') },
  ip: { always: true, present: () => isCommand('ip') },
  modprobe: { always: true, present: () => isCommand('modprobe') },
  rpcbind: { always: true, present: () => isCommand('rpcbind') },
  'mount.nfs': { always: true, present: () => isCommand('mount.nfs') },
  '/dev/loop-control': { always: false, present: () => existsSync('/dev/loop-control') },
  'mkfs.xfs': { always: false, present: () => isCommand('mkfs.xfs') },
  'mkfs.btrfs': { always: false, present: () => isCommand('mkfs.btrfs') },
  setfacl: { always: false, present: () => isCommand('setfacl') },
  git: { always: false, present: () => isCommand('git') },
  'nfs-ls': { always: false, present: () => isCommand('nfs-ls') },
  perl: { always: false, present: () => isCommand('perl') },
  tcpdump: { always: false, present: () => isCommand('tcpdump') },
  etcd: { always: false, present: () => isCommand('etcd') },
  'ganesha.nfsd': { always: false, present: () => isCommand('ganesha.nfsd') },
} as const;

export type PartName = keyof typeof PARTS;

/** The parts that this machine lacks, or nothing. */
export function missingParts(): PartName[] {
  return partNames().filter((name) => !PARTS[name].present());
}

/** One line naming what this machine lacks for a guest, and for the `extra` parts; undefined if nothing. */
export function labMissing(...extra: PartName[]): string | undefined {
  const needed = partNames().filter((name) => PARTS[name].always || extra.includes(name));
  const missing = needed.filter((name) => !PARTS[name].present());
  return missing.length === 0 ? undefined : `the lab lacks ${missing.join(', ')}; as root, npm run setup:lab`;
}

function partNames(): PartName[] {
  return Object.keys(PARTS) as PartName[];
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function hasEntries(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length > 0;
}

function isCommand(name: string): boolean {
  // An ordinary user's PATH has no sbin, but the lab's commands are run as root.
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => isExecutable(join(folder, name)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
