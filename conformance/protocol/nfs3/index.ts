import type { Case } from '../case.ts';
import { CREATE } from './create.ts';
import { GETATTR } from './getattr.ts';
import { LOOKUP } from './lookup.ts';
import { NULL } from './null.ts';
import { REMOVE } from './remove.ts';

export const nfs3Cases: readonly Case[] = [...NULL, ...GETATTR, ...LOOKUP, ...CREATE, ...REMOVE];
