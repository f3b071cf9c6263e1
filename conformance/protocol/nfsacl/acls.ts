import { check, equal } from '../expect.ts';
import type { aclent as aclentType, secattr } from '../programs/nfsacl.ts';
import type { TypeOf } from '../wire.ts';

export type aclent = TypeOf<typeof aclentType>;

/** Bits of `mask`: which ACLs, or only their lengths. */
export const NFS_ACL = 1;
export const NFS_ACLCNT = 2;
export const NFS_DFACL = 4;
export const NFS_DFACLCNT = 8;
/** All that can be asked for. */
export const EVERYTHING = NFS_ACL | NFS_ACLCNT | NFS_DFACL | NFS_DFACLCNT;

/** Types of entries, in the order in which they stand in an ACL. */
export const USER_OBJ = 0x01;
export const USER = 0x02;
export const GROUP_OBJ = 0x04;
export const GROUP = 0x08;
export const MASK = 0x10;
export const OTHER = 0x20;
/** Flag of the types of entries in a default ACL. */
export const DEFAULT = 0x1000;

export function entry(type: number, perm: number, id = 0): aclent {
  return { type, id, perm };
}

/** An ACL with `named` entries beside those that every ACL has: rw- for the owner, r-- for the group, --- for others. */
export function withNamed(named: readonly aclent[], mask = 6): aclent[] {
  return sorted([entry(USER_OBJ, 6), ...named, entry(GROUP_OBJ, 4), entry(MASK, mask), entry(OTHER, 0)]);
}

/** An ACL that says no more than a mode: four entries, for Sun's protocol wants a mask. */
export function minimal(owner: number, group: number, other: number): aclent[] {
  return [entry(USER_OBJ, owner), entry(GROUP_OBJ, group), entry(MASK, group), entry(OTHER, other)];
}

export function sorted(entries: readonly aclent[]): aclent[] {
  return [...entries].sort((a, b) => a.type - b.type || a.id - b.id);
}

const counted = (entries: readonly aclent[]) => ({ count: entries.length, entries: [...entries] });

/** What to set: an access ACL; for a directory a default ACL too, where an empty one takes it away. */
export function acls(access: readonly aclent[], inherited?: readonly aclent[]): secattr {
  const flagged = (inherited ?? []).map(({ type, ...rest }) => ({ ...rest, type: type | DEFAULT }));
  const mask = inherited === undefined ? NFS_ACL : NFS_ACL | NFS_DFACL;
  return { mask, access: counted(access), default: counted(flagged) };
}

/** The entries without what a server may fill in or leave: the ids of entries that need none. */
function bare(entries: readonly aclent[]): aclent[] {
  return entries.map(({ type, id, perm }) => {
    const tag = type & ~DEFAULT;
    return entry(tag, perm, tag === USER || tag === GROUP ? id : 0);
  });
}

/** Throws unless an ACL has these entries, in whichever order, and its count is right. */
export function hasEntries(what: string, acl: secattr['access'], expected: readonly aclent[]): void {
  equal(`${what}: entries`, sorted(bare(acl.entries)), sorted(bare(expected)));
  check(acl.count === acl.entries.length, `${what}: count ${acl.entries.length}`, `${acl.count}`);
}
