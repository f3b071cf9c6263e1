import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { capabilities, openLocalFileSystem } from '../../../src/vfs/local/index.ts';
import { bytes, CountingVerifier, contentOf, failsWith, MemoryIndex, names, ROOT } from '../support.ts';
import { isRoot, type LocalFixtureOptions, withLocal } from './fixture.ts';

const modes = capabilities().openByHandle ? (['kernel', 'index'] as const) : (['index'] as const);
/** Set for the run of this file without CAP_SYS_ADMIN: a folder with something mounted in it. */
const prepared = process.env.STEADFS_TEST_MOUNTED;
const needsRoot = isRoot && prepared === undefined ? false : 'needs root with CAP_SYS_ADMIN';

for (const handles of modes) {
  test(`\`..\` of a directory that was moved out of the export is STALE (${handles})`, async () => {
    const outside = mkdtempSync(join(tmpdir(), 'steadfs-outside-'));
    try {
      await withLocal({ handles }, async ({ fs, me, path }) => {
        mkdirSync(join(path, 'd/e'), { recursive: true });
        const d = (await fs.lookup(me, fs.root, bytes('d'))).inode;
        const e = (await fs.lookup(me, d, bytes('e'))).inode;
        renameSync(join(path, 'd'), join(outside, 'd'));
        await failsWith('STALE', () => fs.lookup(me, d, bytes('..')));
        await failsWith('STALE', () => fs.lookup(me, e, bytes('..')));
        await failsWith('NOENT', () => fs.lookup(me, fs.root, bytes('d')));
      });
    } finally {
      rmSync(outside, { recursive: true });
    }
  });
}

test('links that lead out of the export are never followed', async () => {
  await withLocal({}, async ({ fs, me, path }) => {
    symlinkSync('/etc', join(path, 'etc'));
    symlinkSync('..', join(path, 'up'));
    for (const name of ['etc', 'up']) {
      const { inode } = await fs.lookup(me, fs.root, bytes(name));
      await failsWith('NOTDIR', () => fs.lookup(me, inode, bytes('passwd')));
      await failsWith('NOTDIR', () => fs.readdir(me, inode, 0n, true, () => true));
    }
  });
});

/** A folder with a directory on which another file system is mounted. */
function mountBelow(path: string): void {
  mkdirSync(join(path, 'sub'));
  writeFileSync(join(path, 'sub', 'beneath'), 'beneath');
  execFileSync('mount', ['-t', 'tmpfs', 'none', join(path, 'sub')]);
  writeFileSync(join(path, 'sub', 'mounted'), 'mounted');
}

async function withMount(options: LocalFixtureOptions, run: Parameters<typeof withLocal>[1]): Promise<void> {
  await withLocal({ ...options, prepare: mountBelow }, async (fixture) => {
    try {
      await run(fixture);
    } finally {
      execFileSync('umount', [join(fixture.path, 'sub')]);
    }
  });
}

test('a mount point below the export shows the directory beneath', { skip: needsRoot }, async () => {
  await withMount({}, async ({ fs, me }) => {
    const { inode } = await fs.lookup(me, fs.root, bytes('sub'));
    assert.ok((await names(fs, me, inode)).map(String).includes('beneath'));
    const { inode: beneath } = await fs.lookup(me, inode, bytes('beneath'));
    assert.equal(String(await contentOf(fs, me, beneath)), 'beneath');
    await failsWith('NOENT', () => fs.lookup(me, inode, bytes('mounted')));
  });
});

test('what is mounted while it is served does not show either', { skip: needsRoot }, async () => {
  await withLocal({}, async ({ fs, me, path }) => {
    mkdirSync(join(path, 'late'));
    const { inode } = await fs.lookup(me, fs.root, bytes('late'));
    execFileSync('mount', ['-t', 'tmpfs', 'none', join(path, 'late')]);
    try {
      assert.equal((await fs.lookup(me, fs.root, bytes('late'))).inode, inode);
    } finally {
      execFileSync('umount', [join(path, 'late')]);
    }
  });
});

test('without CAP_SYS_ADMIN, a mount point is ACCES', { skip: needsRoot }, async () => {
  await withMount({}, async ({ path }) => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const command = [process.execPath, '--import', 'tsx', '--test', fileURLToPath(import.meta.url)];
    const { stdout } = await promisify(execFile)('setpriv', ['--bounding-set=-sys_admin', ...command], {
      env: { ...env, STEADFS_TEST_MOUNTED: path },
    });
    assert.match(stdout, /here, a mount point is ACCES/);
  });
});

test('here, a mount point is ACCES', { skip: prepared === undefined ? 'needs no CAP_SYS_ADMIN' : false }, async () => {
  const fs = openLocalFileSystem(prepared!, { index: new MemoryIndex(), verifier: new CountingVerifier() });
  await failsWith('ACCES', () => fs.lookup(ROOT, fs.root, bytes('sub')));
  const { entries } = await fs.readdir(ROOT, fs.root, 0n, true, () => true);
  const entry = entries.find(({ name }) => name.equals(bytes('sub')));
  assert.notEqual(entry, undefined);
  assert.equal(entry?.inode, undefined);
  await fs.close();
});

test('the export keeps its file system busy: umount fails while it is served', { skip: needsRoot }, async () => {
  const path = mkdtempSync(join(tmpdir(), 'steadfs-busy-'));
  execFileSync('mount', ['-t', 'tmpfs', 'none', path]);
  try {
    await withLocal({ below: path }, async () => {
      assert.throws(() => execFileSync('umount', [path], { stdio: 'pipe' }), /busy/);
    });
  } finally {
    execFileSync('umount', [path]);
    rmSync(path, { recursive: true });
  }
});
