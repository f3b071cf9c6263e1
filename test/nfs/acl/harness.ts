import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import type { secattr } from '../../../src/nfs/acl/types.ts';
import { ACCESS2args, ACCESS2res } from '../../../src/nfs/acl/v2/access.ts';
import { GETACL2args, GETACL2res } from '../../../src/nfs/acl/v2/getacl.ts';
import { SETACL2args } from '../../../src/nfs/acl/v2/setacl.ts';
import { GETACL3args, GETACL3res } from '../../../src/nfs/acl/v3/getacl.ts';
import { SETACL3args, SETACL3res } from '../../../src/nfs/acl/v3/setacl.ts';
import { attrstat, fhandleargs } from '../../../src/nfs/v2/types.ts';
import type { Acl } from '../../../src/vfs/index.ts';
import { nothing, type TypeOf, type Xdr } from '../../../src/xdr/index.ts';
import type { Server } from '../v2/harness.ts';

const PROGRAM = 100227;

/** Each procedure's version and types. */
const TYPES = {
  ACLPROC_NULL: [3, nothing, nothing],
  ACLPROC3_GETACL: [3, GETACL3args, GETACL3res],
  ACLPROC3_SETACL: [3, SETACL3args, SETACL3res],
  ACLPROC2_GETACL: [2, GETACL2args, GETACL2res],
  ACLPROC2_SETACL: [2, SETACL2args, attrstat],
  ACLPROC2_GETATTR: [2, fhandleargs, attrstat],
  ACLPROC2_ACCESS: [2, ACCESS2args, ACCESS2res],
} as const;
type Types = typeof TYPES;
export type Name = keyof Types;
export type Args<N extends Name> = TypeOf<Types[N][1]>;
export type Res<N extends Name> = TypeOf<Types[N][2]>;

export function call<N extends Name>(server: Server, name: N, args: Args<N>): Promise<Res<N>> {
  const [version, argsType, resType] = TYPES[name] as readonly [number, Xdr<Args<N>>, Xdr<Res<N>>];
  return server.run(PROGRAM, version, name, argsType, args, resType);
}

export async function ok<N extends Name>(
  server: Server,
  name: N,
  args: Args<N>,
): Promise<Extract<Res<N>, { status: 0 }>> {
  const result = (await call(server, name, args)) as { status: number };
  assert.equal(result.status, 0);
  return result as Extract<Res<N>, { status: 0 }>;
}

/** `type`, `id` and `perm` of each entry. */
export type Triples = readonly (readonly [type: number, id: number, perm: number])[];

export function triplesOf({ entries }: secattr['access']): Triples {
  return entries.map(({ type, id, perm }) => [type, id, perm] as const);
}

export function counted(entries: Triples): secattr['access'] {
  return { count: entries.length, entries: entries.map(([type, id, perm]) => ({ type, id, perm })) };
}

export function aclOf(...entries: readonly (readonly [Acl[number]['tag'], number, number])[]): Acl {
  return entries.map(([tag, id, permissions]) => ({ tag, id, permissions }));
}

/** What getfacl(1) shows, without comments; undefined if there is no such program. */
export function getfacl(path: string): string[] | undefined {
  try {
    return execFileSync('getfacl', ['-pcnE', path], { encoding: 'utf8' }).trim().split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
