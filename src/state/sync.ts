import { type FileHandle, open } from 'node:fs/promises';

/** Brings a file, or a folder's names, to the disk. */
export async function sync(path: string): Promise<void> {
  await syncAndClose(await open(path, 'r'));
}

/** Brings what was written through a handle to the disk; closed also if that fails. */
export async function syncAndClose(handle: FileHandle): Promise<void> {
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
