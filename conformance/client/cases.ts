import type { ClientCase } from './case.ts';
import { DIRECTORY } from './directory.ts';
import { FILES } from './files.ts';
import { LOCKS } from './locks.ts';
import { MOUNTING } from './mounting.ts';
import { PERMISSIONS } from './permissions.ts';
import { TREES } from './trees.ts';
import { VERSION2 } from './version2.ts';

/** Every workload. */
export const CLIENT_CASES: readonly ClientCase[] = [
  ...MOUNTING,
  ...FILES,
  ...DIRECTORY,
  ...TREES,
  ...PERMISSIONS,
  ...LOCKS,
  ...VERSION2,
];
