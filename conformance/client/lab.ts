import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Guest, type Lab, SERVER_IPV4 } from '../lab/lab.ts';
import { type Export, SERVERS, type ServerName } from '../lab/target.ts';
import { version2Mount } from './mount-command.ts';
import type { Clients, Mounted } from './runner.ts';

const AT = '/mnt/nfs';
const AT_VERSION2 = '/mnt/nfs2';
const EXPORT_OPTIONS = ['rw', 'no_root_squash'];

/** A server in a lab, and two guests that have its export mounted with locks. */
export async function clientsInLab(lab: Lab, server: ServerName): Promise<Clients> {
  const folder = join(lab.folder, 'export');
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  const exports: Export[] = [{ path: folder, options: EXPORT_OPTIONS }];
  const [, ...guests] = await Promise.all([SERVERS[server](lab, exports), lab.startGuest(), lab.startGuest()]);
  const [one, two] = guests;
  for (const guest of guests) await guest.must(`mkdir -p ${AT}; mount -t nfs -o vers=3 ${SERVER_IPV4}:${folder} ${AT}`);
  const mount = await one.run(`mkdir -p ${AT_VERSION2}; ${version2Mount(SERVER_IPV4, folder)} ${AT_VERSION2}`);
  return {
    version3: mountedBy([one, two], AT, folder),
    version2:
      mount.code === 0 ? mountedBy([one], AT_VERSION2, folder) : `no mount of version 2: ${mount.stderr.trim()}`,
  };
}

/** An export of the lab's server, mounted by guests. */
export function mountedBy(guests: readonly [Guest, ...Guest[]], at: string, folder: string): Mounted {
  return {
    ...{ shells: guests, at, served: folder },
    mounting: (options, below) => `mount -t nfs -o vers=3,nolock,${options} ${SERVER_IPV4}:${folder}${below}`,
  };
}
