import type { Case } from '../case.ts';
import { directoryCases } from './directories.ts';
import { getaclCases } from './getacl.ts';
import { nullCases } from './null.ts';
import { permissionCases } from './permissions.ts';
import { setaclCases } from './setacl.ts';
import { V2, V3 } from './tools.ts';
import { v2Cases } from './v2.ts';

const ofBoth = [V2, V3].map((version) => [
  ...nullCases(version),
  ...getaclCases(version),
  ...setaclCases(version),
  ...directoryCases(version),
  ...permissionCases(version),
]);

export const nfsaclCases: readonly Case[] = [...ofBoth.flat(), ...v2Cases];
