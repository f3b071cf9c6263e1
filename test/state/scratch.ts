import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

/** A new directory that is gone after the tests of this file. */
export function scratchDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'steadfs-state-'));
  after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
