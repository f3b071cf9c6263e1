import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeDirectory } from './directory.ts';
import { copyState } from './epochcopy.ts';
import { epochName, epochsAmong, unfinishedAmong } from './epochnames.ts';
import { reason, StateError } from './error.ts';
import { createStateFiles, openStateFiles, type StateOptions } from './lmdb.ts';
import { DirectoryLock } from './lock.ts';
import type { StateStore } from './store.ts';
import { sync } from './sync.ts';

/*
 * The state of a package lies in a folder of its own for each acquisition of the package's lease: `epoch.000000000042`
 * for the fencing token 42. Whoever acquires the lease works on a copy of the last epoch, so that a server that was
 * stopped and wakes up without the lease can write only where nobody looks any more.
 */

/**
 * Opens the state of a package under a fencing token. The same token again (its holder's process was started anew) opens
 * the same epoch. Throws {@link StateError} as `openState` does, and if a higher token has been used.
 */
export async function openEpoch(folder: string, token: number, options: StateOptions = {}): Promise<StateStore> {
  makeDirectory(folder);
  const path = join(folder, epochName(token));
  const present = epochsAmong(await readdir(folder));
  mustBeHighest(folder, token, present);
  if (!present.includes(token)) {
    await makeEpoch(folder, path, present);
    // Two holders may have begun at the same time: the one with the lower token has lost.
    mustBeHighest(folder, token, epochsAmong(await readdir(folder)));
  }
  return await openStateFiles(path, options);
}

/** Removes the epochs before the one before this: they are of no more use once this one serves. */
export async function removeOldEpochs(folder: string, token: number): Promise<void> {
  const names = await readdir(folder);
  const isOlder = (epoch: number) => epoch < token;
  const going = [
    ...epochsAmong(names).filter(isOlder).slice(0, -1).map(epochName),
    ...unfinishedAmong(names)
      .filter(isOlder)
      .map((epoch) => `${epochName(epoch)}.tmp`),
  ];
  for (const name of going) await rm(join(folder, name), { recursive: true, force: true });
}

async function makeEpoch(folder: string, path: string, present: readonly number[]): Promise<void> {
  const unfinished = `${path}.tmp`;
  const last = present.at(-1);
  try {
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { mode: 0o700 });
    if (last !== undefined) await copyState(join(folder, epochName(last)), unfinished);
    else if (await hasFlatState(folder)) await takeFlatState(folder, unfinished);
    else await createStateFiles(unfinished);
    await rename(unfinished, path);
    await sync(folder);
  } catch (error) {
    if (error instanceof StateError) throw error;
    throw new StateError(
      `cannot make ${path}: ${reason(error)}. Check the disk, its room, and the rights of this user.`,
    );
  }
}

/** What a server without a cluster left is where the first epoch begins. */
async function takeFlatState(folder: string, into: string): Promise<void> {
  const lock = DirectoryLock.take(folder, hostname());
  try {
    await copyState(folder, into);
  } finally {
    lock.release();
  }
}

async function hasFlatState(folder: string): Promise<boolean> {
  return (await readdir(folder)).includes('state.mdb');
}

function mustBeHighest(folder: string, token: number, present: readonly number[]): void {
  const last = present.at(-1);
  if (last === undefined || last <= token) return;
  throw new StateError(
    `the state ${folder} is superseded: it has been opened under token ${last}, and this node's lease has token ${token}. ` +
      'Another node has the package.',
  );
}
