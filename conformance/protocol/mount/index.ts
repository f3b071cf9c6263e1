import type { Case } from '../case.ts';
import { callCases } from './calls.ts';
import { exportAllCases, exportCases } from './exports.ts';
import { flavorCases } from './flavors.ts';
import { mntCases } from './mnt.ts';
import { PATHCONF } from './pathconf.ts';
import { tableCases } from './table.ts';
import { VERSIONS, type Version } from './tools.ts';

const casesOf = (version: Version): Case[] => [
  ...mntCases(version),
  ...(version.number === 3 ? flavorCases(version) : []),
  ...tableCases(version),
  ...exportCases(version),
  ...(version.number === 3 ? [] : exportAllCases(version)),
  ...(version.number === 2 ? PATHCONF : []),
  ...callCases(version),
];

/** MOUNT versions 1, 2 and 3. */
export const mountProgramCases: readonly Case[] = VERSIONS.flatMap(casesOf);
