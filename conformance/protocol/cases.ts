import type { Case } from './case.ts';
import { mountProgramCases } from './mount/index.ts';
import { nfs2Cases } from './nfs2/index.ts';
import { nfs3Cases } from './nfs3/index.ts';
import { nfsaclCases } from './nfsacl/index.ts';
import { nlmCases } from './nlm/index.ts';
import { nsmCases } from './nsm/index.ts';
import { portmapProgramCases } from './portmap/index.ts';
import { rpcLayerCases } from './rpc-layer/index.ts';
import { rquotaCases } from './rquota/index.ts';

/** Every case of the suite. A new folder of cases is added here. */
export const ALL_CASES: readonly Case[] = [
  ...rpcLayerCases,
  ...portmapProgramCases,
  ...mountProgramCases,
  ...nfs3Cases,
  ...nfs2Cases,
  ...nfsaclCases,
  ...rquotaCases,
  ...nlmCases,
  ...nsmCases,
];

/** The cases whose id matches one of the patterns: `*` is anything, case does not matter. No pattern: all. */
export function selectCases(patterns: readonly string[], from: readonly Case[] = ALL_CASES): Case[] {
  return matching(patterns, from);
}

/** The same for whatever has an id. */
export function matching<C extends { readonly id: string }>(patterns: readonly string[], from: readonly C[]): C[] {
  if (patterns.length === 0) return [...from];
  const matchers = patterns.map(matcherOf);
  return from.filter(({ id }) => matchers.some((matcher) => matcher.test(id)));
}

/** A pattern also takes in all that is below it: `nfsv3/lookup` is every case of LOOKUP. */
function matcherOf(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  return new RegExp(`^${escaped}(/.*)?$`, 'i');
}
