import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../common/log.ts';
import { fileNameOf, parseJson } from './names.ts';
import { SharedDirCoordinator } from './shared-dir.ts';
import { FolderFiles, TEMPORARY } from './shared-files.ts';
import { patienceOf, type Timing, withDeadline } from './timing.ts';

/** Of the folder's layout and its files. A newer one is not read: what it means is not known. */
const FORMAT = 1;
const FORMAT_FILE = 'format.json';

export interface OpenSharedDir {
  /** The folder, which must be there. The cluster has one of its own in it. */
  readonly path: string;
  readonly cluster: string;
  readonly node: string;
  readonly leaseMilliseconds: number;
  readonly timing: Timing;
  readonly log: Logger;
}

/**
 * Joins a cluster by its folder:
 *
 *     PATH/CLUSTER/format.json                 version of all this
 *                 /leases/PACKAGE/claim.TOKEN, beat.TOKEN.ID
 *                 /nodes/NODE                  what it published
 *                 /documents/KEY/VERSION
 *                 /tmp/                        files under way
 *
 * Rejects with an Error that tells the administrator what is wrong with the folder, or with `CoordinatorLost` if it hangs.
 */
export async function openSharedDir(options: OpenSharedDir): Promise<SharedDirCoordinator> {
  const { path, cluster, node, leaseMilliseconds, timing, log } = options;
  const root = join(path, fileNameOf(cluster));
  const owner = `${fileNameOf(node)}.${randomUUID()}`;
  const files = new FolderFiles(root, owner);
  const patience = patienceOf(leaseMilliseconds);
  await withDeadline(timing, patience, `opening ${path}`, (deadline) =>
    deadline.race(prepare(path, root, files, fileNameOf(node), log)),
  );
  return new SharedDirCoordinator({ files, node, leaseMilliseconds, timing });
}

async function prepare(path: string, root: string, files: FolderFiles, node: string, log: Logger): Promise<void> {
  await checkFolder(path, log);
  try {
    for (const folder of ['', TEMPORARY, 'leases', 'nodes', 'documents']) await files.makeFolder(folder);
    await files.create(FORMAT_FILE, Buffer.from(`${JSON.stringify({ format: FORMAT })}\n`));
    await removeLeftovers(join(root, TEMPORARY), node);
  } catch (error) {
    throw new Error(`the coordinator's folder ${root} cannot be written to: ${messageOf(error)}`, { cause: error });
  }
  const found = parseJson((await files.read(FORMAT_FILE))?.toString() ?? '');
  if (typeof found?.format !== 'number') throw new Error(`${join(root, FORMAT_FILE)} is damaged`);
  if (found.format > FORMAT) {
    throw new Error(
      `${root} is of format ${found.format}, made by a newer steadfs; this one knows ${FORMAT}: update it`,
    );
  }
}

async function checkFolder(path: string, log: Logger): Promise<void> {
  let device: number;
  try {
    const found = await stat(path);
    if (!found.isDirectory()) throw new Error('it is not a folder');
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    device = found.dev;
  } catch (error) {
    const hint = isMissing(error) ? ': is its storage mounted?' : '';
    throw new Error(`the coordinator's folder ${path} is of no use: ${messageOf(error)}${hint}`, { cause: error });
  }
  if (device === (await stat('/')).dev) {
    // An empty mount point looks just like this, and each node would then agree with itself.
    log.warn({ path }, `the coordinator's folder ${path} lies on this host's own disk: other hosts cannot share it`);
  }
}

/** A process of this node that was killed left them. */
async function removeLeftovers(folder: string, node: string): Promise<void> {
  const names = await readdir(folder);
  for (const name of names.filter((found) => found.startsWith(`${node}.`))) await unlink(join(folder, name));
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
