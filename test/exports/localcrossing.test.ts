import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { ExportTable, exportsForPaths, type File } from '../../src/exports/index.ts';
import { MemoryAliases } from '../../src/state/index.ts';
import { openLocalFileSystem } from '../../src/vfs/local/index.ts';
import { callFrom, FakeLog, NO_NAMES } from './fakes.ts';

/** A folder with a file system of its own mounted at `mounted`; undefined where this process may not mount. */
function folderWithMount(): string | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'steadfs-crossing-'));
  const mounted = join(folder, 'inner', 'mounted');
  mkdirSync(join(mounted, 'beneath'), { recursive: true });
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'steadfs-test', mounted]).status !== 0) {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  writeFileSync(join(mounted, 'file'), 'above');
  return folder;
}

const folder = folderWithMount();
after(() => {
  if (folder === undefined) return;
  // Lazily, so that a test that failed to close its server leaves nothing behind either.
  execFileSync('umount', ['-l', join(folder, 'inner', 'mounted')]);
  rmSync(folder, { recursive: true });
});
const skip = folder === undefined && 'needs the right to mount, for a file system below the export';

async function serve(t: TestContext, options: string): Promise<ExportTable> {
  const none = { places: () => [], add: () => undefined, remove: () => undefined };
  const verifier = { current: Buffer.alloc(8), advance: () => undefined };
  const table = new ExportTable({
    ...{ secret: Buffer.alloc(32, 1), aliases: new MemoryAliases(), resolver: NO_NAMES, log: new FakeLog() },
    openFileSystem: (path) => openLocalFileSystem(path, { index: none, verifier }),
    fsidFor: (key) => createHash('sha256').update(key).digest().readBigUInt64BE(),
  });
  t.after(() => table.close());
  await table.reload(exportsForPaths([folder!], ['*'], options));
  return table;
}

const call = callFrom('10.0.0.1', 0);
const root = (table: ExportTable) => table.mount(Buffer.from(folder!), call);

async function at(file: File, path: string): Promise<File> {
  let found = file;
  for (const name of path.split('/')) found = await found.view.lookup(found.inode, Buffer.from(name));
  return found;
}

test('crossmnt on real mounts: down, up, listed, read, and again from a handle after a restart', {
  skip,
}, async (t) => {
  const first = await serve(t, 'rw,no_root_squash,crossmnt');
  const outside = await root(first);
  const inside = await at(outside, 'inner/mounted');
  assert.notEqual(inside.view, outside.view);
  const file = await at(inside, 'file');
  const { data, release } = await file.view.read(file.inode, 0, 100);
  assert.equal(data.toString(), 'above');
  release?.();
  assert.equal((await at(inside, '..')).inode, (await at(outside, 'inner')).inode);
  const inner = await at(outside, 'inner');
  const { entries } = await inner.view.readdir(inner.inode, 0n, true, () => true);
  const entry = entries.find(({ name }) => name.toString() === 'mounted');
  assert.equal(entry?.inode, inside.inode);
  assert.equal(entry?.view, inside.view);

  const handle = Buffer.from(first.handleOf(file.view, file.inode));
  await first.close();
  const second = await serve(t, 'rw,no_root_squash,crossmnt');
  const again = await second.file(handle, call);
  assert.equal((await again.view.attributes(again.inode)).size, 'above'.length);
});

test('without crossmnt on real mounts: what lies beneath is seen', { skip }, async (t) => {
  const table = await serve(t, 'rw,no_root_squash');
  const beneath = await at(await root(table), 'inner/mounted/beneath');
  assert.equal(beneath.view, (await root(table)).view);
});

test('mp on real mounts: only the mounted folder is served', { skip }, async (t) => {
  const table = await serve(t, 'rw,mp');
  await assert.rejects(root(table), { code: 'NOENT' });
});
