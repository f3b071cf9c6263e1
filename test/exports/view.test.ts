import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_OPTIONS, type ExportOptions } from '../../src/exports/options.ts';
import { ServedExport } from '../../src/exports/served.ts';
import { ExportView } from '../../src/exports/view.ts';
import { Access, FsError, Stability } from '../../src/vfs/index.ts';
import { FakeFileSystem, peerAt, unix } from './fakes.ts';

function viewOf(changes: Partial<ExportOptions>, uid = 1000) {
  const fileSystem = new FakeFileSystem(['d/', 'f']);
  const options = { ...DEFAULT_OPTIONS, ...changes };
  const served = new ServedExport('/srv', 0x1_0000_0002n, false);
  const view = new ExportView(served, fileSystem, options, unix(uid, 100, [7]), peerAt('10.0.0.1'), () => undefined);
  return { view, fileSystem, directory: fileSystem.at('d'), file: fileSystem.at('f') };
}

const NAME = Buffer.from('x');

/** Every operation that changes something, and COMMIT, for which knfsd asks the right to write. */
function changes({ view, directory, file }: ReturnType<typeof viewOf>): readonly (readonly [string, () => unknown])[] {
  return [
    ['setAttributes', () => view.setAttributes(file, { mode: 0o600 })],
    ['write', () => view.write(file, 0, [NAME], Stability.FILE_SYNC)],
    ['commit', () => view.commit(file)],
    ['create', () => view.create(directory, NAME, { mode: 'guarded', attributes: {} })],
    ['mkdir', () => view.mkdir(directory, NAME, {})],
    ['symlink', () => view.symlink(directory, NAME, NAME, {})],
    ['mknod', () => view.mknod(directory, NAME, { type: 7 }, {})],
    ['remove', () => view.remove(directory, NAME)],
    ['rmdir', () => view.rmdir(directory, NAME)],
    ['rename', () => view.rename(directory, NAME, directory, NAME)],
    ['link', () => view.link(file, directory, NAME)],
  ];
}

test('a read-only export: ROFS on every change, before the file system hears of it', () => {
  const made = viewOf({ readOnly: true });
  for (const [name, change] of changes(made)) {
    assert.throws(change, (error) => error instanceof FsError && error.code === 'ROFS', name);
  }
  assert.deepEqual(made.fileSystem.calls, []);
});

test('a writable export: every change goes to the file system as the squashed caller', async () => {
  const made = viewOf({ readOnly: false, sync: false }, 0);
  for (const [name, change] of changes(made)) {
    await change();
    assert.equal(made.fileSystem.calls.at(-1)?.operation, name);
  }
  const caller = { uid: 65534, gid: 100, groups: [7], sync: false };
  for (const call of made.fileSystem.calls) assert.deepEqual(call.caller, caller);
});

test('reading goes to the file system as the caller, whether read-only or not', async () => {
  for (const readOnly of [true, false]) {
    const { view, fileSystem, directory, file } = viewOf({ readOnly });
    await view.readlink(file);
    await view.read(file, 0, 1);
    await view.readdir(directory, 0n, true, () => true);
    await view.access(file, Access.READ);
    assert.deepEqual(
      fileSystem.calls.map(({ operation }) => operation),
      ['readlink', 'read', 'readdir', 'access'],
    );
    for (const { caller } of fileSystem.calls) assert.equal(caller.uid, 1000);
  }
});

test('ACCESS on a read-only export never grants MODIFY, EXTEND or DELETE (RFC 1813 §3.3.4)', async () => {
  const granted = async (readOnly: boolean) => {
    const { view, file } = viewOf({ readOnly });
    return (await view.access(file, 63)).granted;
  };
  assert.equal(await granted(true), Access.READ | Access.LOOKUP | Access.EXECUTE);
  assert.equal(await granted(false), 63);
});

test('what is found is of the same view, and the fsid is the export’s in two halves', async () => {
  const { view, fileSystem } = viewOf({});
  const found = await view.lookup(fileSystem.root, Buffer.from('d'));
  assert.equal(found.view, view);
  assert.equal(found.inode, fileSystem.at('d'));
  assert.deepEqual([view.fsidHigh, view.fsidLow], [1, 2]);
});
