import { constants } from 'node:fs';
import { copyFile, link, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastTransaction } from './datafile.ts';
import { StateError } from './error.ts';
import { sync } from './sync.ts';

/** The last holder may have been in the middle of a write when its lease ended; it cannot begin another one. */
const TRIES = 10;
const PAUSE_MS = 50;

/** Belongs to the process that has the state open, and not to the state. */
const NOT_STATE = /^(lock|admin\.sock|.*-lock|.*\.new|epoch\..*)$/;
/** Each of its files is written once under another name and put in place whole: a second name does for a copy. */
const WRITTEN_ONCE = 'nsm';

/**
 * Copies the files of a state into an empty folder; they are on disk when this ends. Throws {@link StateError} if the
 * state is written to all the time.
 */
export async function copyState(from: string, to: string): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const before = await fingerprint(from);
    await copyFolder(from, to);
    if ((await fingerprint(from)) === before) return;
    for (const name of await readdir(to)) await rm(join(to, name), { recursive: true });
    await sleep(PAUSE_MS);
  }
  throw new StateError(`the state ${from} is being written to by another server, which should have ended.`);
}

async function copyFolder(from: string, to: string): Promise<void> {
  const entries = await readdir(from, { withFileTypes: true });
  await Promise.all(
    entries.map(async (entry) => {
      const [source, target] = [join(from, entry.name), join(to, entry.name)];
      if (NOT_STATE.test(entry.name)) return;
      if (entry.isDirectory()) {
        await mkdir(target, { mode: 0o700 });
        await (entry.name === WRITTEN_ONCE ? linkFiles(source, target) : copyFolder(source, target));
      } else if (entry.isFile()) {
        await copyDurably(source, target);
      }
    }),
  );
  await sync(to);
}

async function linkFiles(from: string, to: string): Promise<void> {
  const names = (await readdir(from)).filter((name) => !NOT_STATE.test(name));
  await Promise.all(
    names.map((name) =>
      // Where the file system has no hard links, or no more of this file, it is copied.
      link(join(from, name), join(to, name)).catch(() => copyDurably(join(from, name), join(to, name))),
    ),
  );
  await sync(to);
}

async function copyDurably(from: string, to: string): Promise<void> {
  try {
    // Where the file system can, the copy shares its blocks with the original.
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    // The holder has just removed it; the look afterwards will notice.
    if (isGone(error)) return;
    throw error;
  }
  await sync(to);
}

/** Another one whenever something of the state has been written. */
async function fingerprint(folder: string): Promise<string> {
  const lines: string[] = [];
  const look = async (path: string): Promise<void> => {
    const entries = await readdir(path, { withFileTypes: true });
    await Promise.all(
      entries.map(async (entry) => {
        if (NOT_STATE.test(entry.name)) return;
        const inner = join(path, entry.name);
        if (entry.isDirectory()) return look(inner);
        const seen = await stat(inner, { bigint: true }).catch((error: unknown) => {
          if (!isGone(error)) throw error;
        });
        lines.push(`${inner} ${seen?.ino} ${seen?.size} ${seen?.mtimeNs}`);
      }),
    );
  };
  await look(folder);
  return [...lines.sort(), lastTransaction(join(folder, 'state.mdb'))].join('\n');
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
