import assert from 'node:assert/strict';
import type { Exports, View } from '../../src/exports/contract.ts';
import { type Caller, type FileSystem, FsError, type FsErrorCode } from '../../src/vfs/index.ts';

/** Nothing is exported. */
export const noExports: Exports = {
  file: () => {
    throw new FsError('STALE', 'handle');
  },
  handleOf: () => assert.fail('nothing is exported'),
  handle32Of: () => assert.fail('nothing is exported'),
  mount: () => {
    throw new FsError('NOENT', 'mount');
  },
  list: () => [],
};

export type Operation = Exclude<keyof View, 'fileSystem' | 'fsidHigh' | 'fsidLow' | 'caller' | 'readOnly'>;

/** What operations of views do instead of their work. */
export class Planted {
  private readonly results = new Map<Operation, () => unknown>();

  /** From now on, this operation fails like this. */
  fail(operation: Operation, code: FsErrorCode): void {
    this.results.set(operation, () => {
      throw new FsError(code, operation);
    });
  }

  /** From now on, this operation has this result. */
  replace<Name extends Operation>(operation: Name, result: () => ReturnType<View[Name]>): void {
    this.results.set(operation, result);
  }

  run<T>(operation: Operation, work: () => T): T {
    const planted = this.results.get(operation);
    return planted === undefined ? work() : (planted() as T);
  }
}

/** A file system as one caller sees it, but for what is planted. */
export function viewOf(fileSystem: FileSystem, caller: Caller, fsid: number, planted: Planted): View {
  const run = <T>(operation: Operation, work: () => T): T => planted.run(operation, work);
  const view: View = {
    fileSystem,
    fsidHigh: 0,
    fsidLow: fsid,
    caller,
    readOnly: false,
    attributes: (inode) => run('attributes', () => fileSystem.attributes(inode)),
    setAttributes: (...args) => run('setAttributes', () => fileSystem.setAttributes(caller, ...args)),
    lookup: (...args) => run('lookup', async () => ({ ...(await fileSystem.lookup(caller, ...args)), view })),
    access: (...args) => run('access', () => fileSystem.access(caller, ...args)),
    readlink: (...args) => run('readlink', () => fileSystem.readlink(caller, ...args)),
    read: (...args) => run('read', () => fileSystem.read(caller, ...args)),
    write: (...args) => run('write', () => fileSystem.write(caller, ...args)),
    commit: (...args) => run('commit', () => fileSystem.commit(caller, ...args)),
    create: (...args) => run('create', () => fileSystem.create(caller, ...args)),
    mkdir: (...args) => run('mkdir', () => fileSystem.mkdir(caller, ...args)),
    symlink: (...args) => run('symlink', () => fileSystem.symlink(caller, ...args)),
    mknod: (...args) => run('mknod', () => fileSystem.mknod(caller, ...args)),
    remove: (...args) => run('remove', () => fileSystem.remove(caller, ...args)),
    rmdir: (...args) => run('rmdir', () => fileSystem.rmdir(caller, ...args)),
    rename: (...args) => run('rename', () => fileSystem.rename(caller, ...args)),
    link: (...args) => run('link', () => fileSystem.link(caller, ...args)),
    readdir: (...args) => run('readdir', () => fileSystem.readdir(caller, ...args)),
    acls: (inode) => run('acls', () => fileSystem.acls(inode)),
    setAcls: (...args) => run('setAcls', () => fileSystem.setAcls(caller, ...args)),
    quota: (...args) => run('quota', () => fileSystem.quota(...args)),
    setQuota: (...args) => run('setQuota', () => fileSystem.setQuota(...args)),
    space: () => run('space', () => fileSystem.space()),
  };
  return view;
}
