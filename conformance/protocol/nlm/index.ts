import type { Case } from '../case.ts';
import { grantedCases } from './granted.ts';
import { lockCases } from './lock.ts';
import { type Dialect, V1, V3, V4 } from './locks.ts';
import { READ_ONLY, RESTARTS } from './losses.ts';
import { messageCases } from './messages.ts';
import { unmonitoredCases } from './nm-lock.ts';
import { nullCases } from './null.ts';
import { rangeCases, WIDE_RANGES } from './ranges.ts';
import { shareCases } from './share.ts';
import { testCases } from './test.ts';
import { cancelCases, unlockCases } from './unlock.ts';
import { VERSIONS } from './versions.ts';

const common = (dialect: Dialect): Case[] =>
  [nullCases, testCases, lockCases, rangeCases, cancelCases, unlockCases, grantedCases, messageCases].flatMap((of) =>
    of(dialect),
  );
const sinceVersion3 = (dialect: Dialect): Case[] => [
  ...common(dialect),
  ...shareCases(dialect),
  ...unmonitoredCases(dialect),
];

export const nlmCases: readonly Case[] = [
  ...common(V1),
  ...sinceVersion3(V3),
  ...VERSIONS,
  ...sinceVersion3(V4),
  ...WIDE_RANGES,
  ...READ_ONLY,
  ...RESTARTS,
];
