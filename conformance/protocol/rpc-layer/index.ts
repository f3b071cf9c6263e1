import type { Case } from '../case.ts';
import { ARGUMENTS } from './arguments.ts';
import { CONNECTIONS } from './connections.ts';
import { CREDENTIALS } from './credentials.ts';
import { DATAGRAMS } from './datagrams.ts';
import { MESSAGES } from './messages.ts';
import { NULLS } from './null.ts';
import { RECORDS } from './records.ts';
import { REFUSALS } from './refusals.ts';

/** The RPC layer (RFC 5531), below every program. */
export const rpcLayerCases: readonly Case[] = [
  ...NULLS,
  ...REFUSALS,
  ...MESSAGES,
  ...ARGUMENTS,
  ...CREDENTIALS,
  ...RECORDS,
  ...CONNECTIONS,
  ...DATAGRAMS,
];
