import { constants } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * What the shared-dir coordinator asks of its folder. Paths are relative to it. What changes is on stable storage when
 * the call ends; what other nodes changed is seen by the next call, on NFS too (files and folders are opened anew each
 * time: close-to-open consistency). Rejects with the system's errors.
 */
export interface SharedFiles {
  /** Names in a folder. Undefined: there is no such folder. */
  list(folder: string): Promise<string[] | undefined>;
  /** Makes a folder if it is not there; not its parents. */
  makeFolder(folder: string): Promise<void>;
  /** Undefined: there is no such file. */
  read(path: string): Promise<Buffer | undefined>;
  /** Makes a file that appears whole or not at all. False: there is one already, with other content. */
  create(path: string, content: Buffer): Promise<boolean>;
  /** Makes a file that nobody looks for yet; durable only with the next {@link create} in its folder. */
  add(path: string, content: Buffer): Promise<void>;
  /** Replaces the beginning of a file in place. False: there is no such file. */
  overwrite(path: string, content: Buffer): Promise<boolean>;
  /** False: there is no such file. */
  append(path: string, content: Buffer): Promise<boolean>;
  /** Also if there is no such file. */
  remove(path: string): Promise<void>;
}

const { O_WRONLY, O_CREAT, O_EXCL, O_APPEND, O_DSYNC } = constants;
/** Nothing that is kept there comes near it. */
const MOST_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 8192;

/** Folder for files under way, in the shared folder. A folder of its own, so that others change only when something is made in them. */
export const TEMPORARY = 'tmp';

/** A real folder. */
export class FolderFiles implements SharedFiles {
  private readonly root: string;
  /** Tells our temporary files from those of other processes. */
  private readonly owner: string;
  private made = 0;

  constructor(root: string, owner: string) {
    this.root = root;
    this.owner = owner;
  }

  list(folder: string): Promise<string[] | undefined> {
    return unlessMissing(readdir(join(this.root, folder)));
  }

  async makeFolder(folder: string): Promise<void> {
    const path = join(this.root, folder);
    const isNew = await unlessExisting(mkdir(path, 0o700));
    if (isNew) await syncFolder(dirname(path));
  }

  async read(path: string): Promise<Buffer | undefined> {
    const file = await unlessMissing(open(join(this.root, path), 'r'));
    if (file === undefined) return undefined;
    return unlessMissing(using(file, () => readWhole(file, path)));
  }

  /** By link(2), which is atomic on every file system, NFS included: among any number of nodes one makes the name. */
  async create(path: string, content: Buffer): Promise<boolean> {
    const temporary = join(this.root, TEMPORARY, `${this.owner}.${(this.made += 1)}`);
    const target = join(this.root, path);
    await writeFile(temporary, O_CREAT | O_EXCL, content);
    try {
      // An NFS server may have made the link and its answer been lost: the client's second try then fails with EEXIST.
      const isNew =
        (await unlessExisting(link(temporary, target))) || (await this.read(path))?.equals(content) === true;
      if (isNew) await syncFolder(dirname(target));
      return isNew;
    } finally {
      await unlessMissing(unlink(temporary));
    }
  }

  add(path: string, content: Buffer): Promise<void> {
    return writeFile(join(this.root, path), O_CREAT | O_EXCL, content);
  }

  async overwrite(path: string, content: Buffer): Promise<boolean> {
    return (await unlessMissing(writeFile(join(this.root, path), 0, content).then(() => true))) ?? false;
  }

  async append(path: string, content: Buffer): Promise<boolean> {
    return (await unlessMissing(writeFile(join(this.root, path), O_APPEND, content).then(() => true))) ?? false;
  }

  async remove(path: string): Promise<void> {
    await unlessMissing(unlink(join(this.root, path)));
  }
}

/** One write, on stable storage when it ends (O_DSYNC): a node whose storage path is gone cannot succeed in its page cache. */
async function writeFile(path: string, flags: number, content: Buffer): Promise<void> {
  const file = await open(path, O_WRONLY | O_DSYNC | flags, 0o600);
  await using(file, async () => {
    const { bytesWritten } = await file.write(content, 0, content.length, (flags & O_APPEND) === 0 ? 0 : null);
    if (bytesWritten !== content.length) throw new Error(`${path}: ${bytesWritten} of ${content.length} bytes written`);
  });
}

async function readWhole(file: FileHandle, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  // Nearly everything fits in one chunk, so a file's size need not be asked for.
  for (let length = 0; length <= MOST_BYTES; ) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, length);
    chunks.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
    if (bytesRead < CHUNK_BYTES) return Buffer.concat(chunks, length);
  }
  throw new Error(`${path}: more than ${MOST_BYTES} bytes, which it cannot have`);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await using(folder, () => folder.sync());
}

async function using<T>(file: FileHandle, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await file.close();
  }
}

/** ESTALE: an NFS server's word for a file that was there when its name was looked up. */
function unlessMissing<T>(promise: Promise<T>): Promise<T | undefined> {
  return promise.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ESTALE') return undefined;
    throw error;
  });
}

function unlessExisting(promise: Promise<void>): Promise<boolean> {
  return promise.then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
}
