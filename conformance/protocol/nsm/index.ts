import type { Case } from '../case.ts';
import { MONITORING } from './monitor.ts';
import { NOTICES } from './notify.ts';

export const nsmCases: readonly Case[] = [...MONITORING, ...NOTICES];
