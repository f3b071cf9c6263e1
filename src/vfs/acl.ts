/** Whom an ACL entry is about, with the kernel's numbers (`linux/posix_acl.h`), which are those of NFSACL too. */
export const AclTag = { USER_OBJ: 1, USER: 2, GROUP_OBJ: 4, GROUP: 8, MASK: 16, OTHER: 32 } as const;
export type AclTag = (typeof AclTag)[keyof typeof AclTag];

/** One entry of a POSIX ACL (acl(5)). */
export interface AclEntry {
  readonly tag: AclTag;
  /** Read 4, write 2, execute 1. */
  readonly permissions: number;
  /** The user's or group's number for USER and GROUP; zero for the others, which are about the file's own. */
  readonly id: number;
}

export type Acl = readonly AclEntry[];

/** A file's ACLs. Undefined: it has none, and for `access` the mode says it all. */
export interface Acls {
  readonly access: Acl | undefined;
  /** What files made in a directory start with. */
  readonly default: Acl | undefined;
}
