import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { LicenceLost } from '../../../src/common/licence.ts';
import { FileType, type Inode, Stability } from '../../../src/vfs/index.ts';
import { openLocalFileSystem } from '../../../src/vfs/local/index.ts';
import { bytes, CountingVerifier, MemoryIndex } from '../support.ts';

const LARGE = 64 << 20;

/** A folder that may be changed until it may not. */
function guarded(t: TestContext) {
  const path = mkdtempSync(join(tmpdir(), 'steadfs-guard-'));
  mkdirSync(join(path, 'directory'));
  for (const name of ['file', 'large']) writeFileSync(join(path, name), 'content', { mode: 0o644 });
  truncateSync(join(path, 'large'), LARGE);
  const guard = {
    holds: true,
    elsewhere: 0,
    /** How often it may still be asked before the right to serve ends. */
    left: Number.POSITIVE_INFINITY,
    check() {
      guard.left -= 1;
      if (!guard.holds || guard.left < 0) throw new LicenceLost();
    },
  };
  const fs = openLocalFileSystem(path, {
    index: new MemoryIndex(),
    verifier: new CountingVerifier(),
    guard: {
      check: guard.check,
      elsewhere: (work) => {
        guard.elsewhere += 1;
        return work;
      },
    },
  });
  t.after(async () => {
    await fs.close();
    rmSync(path, { recursive: true, force: true });
  });
  const me = { uid: process.geteuid!(), gid: process.getegid!(), groups: [], sync: true };
  const find = async (name: string): Promise<Inode> => (await fs.lookup(me, fs.root, bytes(name))).inode;
  return { fs, path, guard, me, find };
}

test('without the right to serve not one operation changes anything, and each that would says so', async (t) => {
  const { fs, path, guard, me, find } = guarded(t);
  const [file, directory] = [await find('file'), await find('directory')];
  const { root } = fs;
  const before = statSync(join(path, 'file'), { bigint: true });
  guard.holds = false;
  const one = bytes('one');
  const changes: Record<string, () => unknown> = {
    setAttributes: () => fs.setAttributes(me, file, { mode: 0o600 }),
    truncate: () => fs.setAttributes(me, file, { size: 0 }),
    write: () => fs.write(me, file, 0, [bytes('x')], Stability.UNSTABLE),
    'write of much': () => fs.write(me, file, 0, [Buffer.alloc(1 << 20)], Stability.UNSTABLE),
    create: () => fs.create(me, root, one, { mode: 'guarded', attributes: {} }),
    'create of what is there': () => fs.create(me, root, bytes('file'), { mode: 'unchecked', attributes: { size: 0 } }),
    'create exclusively': () => fs.create(me, root, one, { mode: 'exclusive', verifier: Buffer.alloc(8, 1) }),
    mkdir: () => fs.mkdir(me, root, one, {}),
    symlink: () => fs.symlink(me, root, one, bytes('target'), {}),
    mknod: () => fs.mknod(me, root, one, { type: FileType.FIFO }, {}),
    remove: () => fs.remove(me, root, bytes('file')),
    rmdir: () => fs.rmdir(me, root, bytes('directory')),
    rename: () => fs.rename(me, root, bytes('file'), directory, one),
    link: () => fs.link(me, file, directory, one),
    setAcls: () => fs.setAcls(me, file, { access: [], default: undefined }),
    setQuota: () => fs.setQuota(0, 1, { hardBytes: 0n, softBytes: 0n, hardFiles: 0n, softFiles: 0n }),
  };
  for (const [name, change] of Object.entries(changes)) {
    await assert.rejects(async () => await change(), LicenceLost, name);
  }
  assert.deepEqual(readdirSync(path).sort(), ['directory', 'file', 'large']);
  assert.deepEqual(readdirSync(join(path, 'directory')), []);
  assert.equal(statSync(join(path, 'file'), { bigint: true }).ctimeNs, before.ctimeNs);
  // What only looks goes on: whether its answer may leave is for others to say.
  assert.equal((await fs.attributes(file)).size, 7);
});

test('a right that ends while a change waits for another thread: what would follow is not done', async (t) => {
  const { fs, path, guard, me, find } = guarded(t);
  const large = await find('large');
  guard.left = 1;
  await assert.rejects(async () => await fs.setAttributes(me, large, { size: 0, mode: 0o600 }), LicenceLost);
  assert.equal(guard.elsewhere, 1, 'the cut was made elsewhere, and that was told');
  assert.equal(statSync(join(path, 'large')).size, 0);
  assert.equal(statSync(join(path, 'large')).mode & 0o777, 0o644);
});

test('a write that another thread makes is told', async (t) => {
  const { fs, guard, me, find } = guarded(t);
  await fs.write(me, await find('file'), 0, [Buffer.alloc(1 << 20)], Stability.UNSTABLE);
  assert.equal(guard.elsewhere, 1);
});
