import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { mountOf, parseMounts, systemMounts } from '../../src/exports/mounts.ts';

const line = (id: number, parent: number, path: string, type = 'ext4') =>
  `${id} ${parent} 8:1 / ${path} rw,relatime shared:1 master:2 - ${type} /dev/sda1 rw\n`;
const paths = (text: string) => parseMounts(text).map(({ path }) => path);

test('mountinfo: fields, optional fields and octal escapes (proc(5))', () => {
  assert.deepEqual(parseMounts(`36 35 98:0 /mnt1 /mnt\\0402\\134 rw - xfs /dev/root rw,errors=continue\n`), [
    { id: 36, parent: 35, path: '/mnt 2\\', type: 'xfs' },
  ]);
  assert.deepEqual(paths(line(1, 0, '/') + line(2, 1, '/srv')), ['/', '/srv']);
});

test('mountinfo: of two mounts on one path the later is seen', () => {
  const seen = parseMounts(line(1, 0, '/') + line(2, 1, '/srv', 'ext4') + line(3, 2, '/srv', 'xfs'));
  assert.deepEqual(
    seen.map(({ id }) => id),
    [1, 3],
  );
});

test('mountinfo: a mount above hides those that were there before, and what is in them', () => {
  const before = line(1, 0, '/') + line(2, 1, '/srv/a') + line(3, 2, '/srv/a/b');
  assert.deepEqual(paths(before + line(4, 1, '/srv') + line(5, 4, '/srv/c')), ['/', '/srv', '/srv/c']);
});

test('mountinfo: a path is on its innermost mount', () => {
  const mounts = parseMounts(line(1, 0, '/') + line(2, 1, '/srv') + line(3, 2, '/srv/a'));
  assert.equal(mountOf('/srv/ab', mounts)?.id, 2);
  assert.equal(mountOf('/srv/a/x', mounts)?.id, 3);
  assert.equal(mountOf('/home', mounts)?.id, 1);
});

test('mountinfo: lines that are none are passed over; this system has a root', () => {
  assert.deepEqual(parseMounts('\nnonsense\n1 2 3\n'), []);
  assert.ok(paths(systemMounts.read()).includes('/'));
});

test('a folder is told from another that takes its place', () => {
  const work = mkdtempSync(join(tmpdir(), 'steadfs-folder-'));
  const path = join(work, 'a');
  try {
    mkdirSync(path);
    const before = systemMounts.folder(path);
    writeFileSync(join(path, 'file'), '');
    symlinkSync(path, join(work, 'link'));
    assert.equal(systemMounts.folder(path), before);
    assert.equal(systemMounts.folder(join(work, 'link')), before);
    renameSync(path, join(work, 'b'));
    assert.throws(() => systemMounts.folder(path), { code: 'ENOENT' });
    mkdirSync(path);
    assert.notEqual(systemMounts.folder(path), before);
  } finally {
    rmSync(work, { recursive: true });
  }
});
