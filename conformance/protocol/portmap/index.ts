import type { Case } from '../case.ts';
import { RPCB4_LOOKUPS, rpcbindLookups } from './lookups.ts';
import { PMAP_REGISTRATIONS, rpcbindRegistrations } from './registrations.ts';
import { REMOTE_CALLS } from './remote-calls.ts';
import { RPCBINDS, type Rpcbind } from './tools.ts';
import { PMAP_LOOKUPS } from './v2.ts';

const rpcbindCases = (program: Rpcbind): Case[] => [...rpcbindLookups(program), ...rpcbindRegistrations(program)];

/** The portmapper: version 2, and versions 3 and 4 under their later name, rpcbind. */
export const portmapProgramCases: readonly Case[] = [
  ...PMAP_LOOKUPS,
  ...PMAP_REGISTRATIONS,
  ...RPCBINDS.flatMap(rpcbindCases),
  ...RPCB4_LOOKUPS,
  ...REMOTE_CALLS,
];
