import assert from 'node:assert/strict';
import { MemoryFileSystem } from '../../../src/vfs/memory/index.ts';
import { fileSystemSuite } from '../suite.ts';
import { ALICE, ROOT } from '../support.ts';

fileSystemSuite(
  'MemoryFileSystem',
  () => {
    const fs = new MemoryFileSystem();
    fs.setAttributes(ROOT, fs.root, { mode: 0o777 });
    return { fs, me: ALICE, reopen: () => assert.fail('it does not outlive itself'), dispose: () => fs.close() };
  },
  { noRestart: 'memory does not outlive the process' },
);
