import type { Case } from '../case.ts';
import { getquotaCases } from './getquota.ts';
import { nullCases } from './null.ts';
import { setquotaCases } from './setquota.ts';
import { V1, V2 } from './tools.ts';

export const rquotaCases: readonly Case[] = [V1, V2].flatMap((version) => [
  ...nullCases(version),
  ...getquotaCases(version, 'GETQUOTA'),
  ...getquotaCases(version, 'GETACTIVEQUOTA'),
  ...setquotaCases(version, 'SETQUOTA'),
  ...setquotaCases(version, 'SETACTIVEQUOTA'),
]);
