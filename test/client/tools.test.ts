import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Lab, labMissing, SERVER_IPV4 } from '../../conformance/lab/lab.ts';
import { startServer } from '../../conformance/lab/target.ts';

// libnfs is a client of its own, with its own XDR.
const skip = labMissing('nfs-ls') ?? false;
let lab: Lab | undefined;
after(() => lab?.dispose());

interface Served {
  readonly lab: Lab;
  readonly folder: string;
  readonly url: string;
}

async function serve(): Promise<Served> {
  lab = await Lab.create();
  const folder = join(lab.folder, 'export');
  mkdirSync(join(folder, 'below'), { recursive: true });
  await startServer(lab, [{ path: folder, options: ['rw', 'no_root_squash', 'insecure'] }]);
  return { lab, folder, url: `nfs://${SERVER_IPV4}${folder}` };
}
let served: Promise<Served> | undefined;
const onServer = () => (served ??= serve());

test('nfs-ls lists a folder, its attributes, and what lies below', { skip }, async () => {
  const { lab, folder, url } = await onServer();
  writeFileSync(join(folder, 'below/file'), 'twelve bytes', { mode: 0o640 });
  symlinkSync('file', join(folder, 'below/link'));
  const { stdout } = await lab.exec('nfs-ls', ['-R', `${url}/?version=3`]);
  assert.match(stdout, /^drwxr-xr-x +\d+ +0 +0 +\d+ below$/m);
  assert.match(stdout, /^-rw-r----- +1 +0 +0 +12 .*file$/m);
  assert.match(stdout, /^lrwxrwxrwx +1 +0 +0 +4 .*link/m);
});

test('nfs-cp copies there and back, nfs-cat reads', { skip }, async () => {
  const { lab, folder, url } = await onServer();
  const source = join(lab.folder, 'source');
  writeFileSync(source, randomBytes(5_000_001));
  await lab.exec('nfs-cp', [source, `${url}/copy?version=3`]);
  assert.equal(sha256(join(folder, 'copy')), sha256(source));
  await lab.exec('nfs-cp', [`${url}/copy?version=3`, join(lab.folder, 'back')]);
  assert.equal(sha256(join(lab.folder, 'back')), sha256(source));

  writeFileSync(join(folder, 'text'), 'read by another client\n');
  assert.equal((await lab.exec('nfs-cat', [`${url}/text?version=3`])).stdout, 'read by another client\n');
});

test('showmount -e and nfs-ls -D name the export', { skip }, async () => {
  const { lab, folder } = await onServer();
  assert.ok((await lab.exec('showmount', ['-e', SERVER_IPV4])).stdout.includes(folder));
  assert.ok((await lab.exec('nfs-ls', ['-D', `nfs://${SERVER_IPV4}`])).stdout.includes(folder));
});

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
