import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { capabilities } from '../../../src/vfs/local/index.ts';
import { fileSystemSuite } from '../suite.ts';
import { isRoot, localFixture, type Mounted, mounted, whyNoMount } from './fixture.ts';

const can = capabilities();
const oneUser = can.switchUser ? undefined : 'needs root to act as several users';

fileSystemSuite('LocalFileSystem by the index', () => localFixture({ handles: 'index' }), { oneUser });

describe('kernel handles', { skip: can.openByHandle ? false : 'needs CAP_DAC_READ_SEARCH' }, () => {
  fileSystemSuite('LocalFileSystem by kernel handles', () => localFixture({ handles: 'kernel' }), { oneUser });

  for (const [kind, megabytes] of [
    ['tmpfs', 0],
    ['ext4', 64],
    ['xfs', 300],
    ['btrfs', 128],
  ] as const) {
    const skip = whyNoMount(kind) ?? false;
    describe(kind, { skip }, () => {
      let volume: Mounted | undefined;
      after(() => volume?.dispose());
      fileSystemSuite(`LocalFileSystem on ${kind}`, () => {
        volume ??= mounted(kind, megabytes);
        return localFixture({ below: volume.path, handles: 'kernel' });
      });
    });
  }
});

test('the whole suite as a plain user', { skip: isRoot ? false : 'this is it' }, async () => {
  const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs', '--inh-caps=-all'];
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const files = ['file-system', 'storage', 'index-handles'].map((name) =>
    fileURLToPath(new URL(`${name}.test.ts`, import.meta.url)),
  );
  const command = [process.execPath, '--import', 'tsx', '--test', ...files];
  const { stdout } = await promisify(execFile)('setpriv', [...nobody, ...command], {
    env: { ...env, HOME: '/nonexistent', TMPDIR: '/tmp' },
    maxBuffer: 1 << 24,
  });
  assert.match(stdout, /LocalFileSystem by the index/);
  assert.match(stdout, /needs CAP_DAC_READ_SEARCH/);
  assert.doesNotMatch(stdout, /needs a plain user/);
});
