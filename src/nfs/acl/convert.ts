import { type Acl, type AclEntry, type Acls, AclTag, type Attributes, FsError } from '../../vfs/index.ts';
import {
  ALL_ACLS,
  type aclent,
  type counted,
  NFS_ACL,
  NFS_ACLCNT,
  NFS_DFACL,
  NFS_DFACLCNT,
  type secattr,
} from './types.ts';

/** Flag of the types of entries in a default ACL. */
const NFS_ACL_DEFAULT = 0x1000;
/** Entries of an ACL that says no more than a mode. */
const MINIMAL = 3;
const PERMISSIONS = 7;

const TAGS: ReadonlyMap<number, AclTag> = new Map(Object.values(AclTag).map((tag) => [tag, tag]));

/** Throws INVAL for bits that mean nothing. */
export function checkMask(mask: number): void {
  if ((mask & ~ALL_ACLS) !== 0) throw new FsError('INVAL', 'acl');
}

/** GETACL's answer. A file without an ACL has that of its mode, for so Solaris does it, and knfsd. */
export function secattrOf({ access, default: inherited }: Acls, attributes: Attributes, mask: number): secattr {
  const asked = (mask & (NFS_ACL | NFS_ACLCNT)) !== 0 ? (access ?? aclOfMode(attributes.mode)) : [];
  const askedDefault = (mask & (NFS_DFACL | NFS_DFACLCNT)) !== 0 ? (inherited ?? []) : [];
  return {
    mask,
    access: countedOf(asked, attributes, 0, (mask & NFS_ACL) !== 0),
    default: countedOf(askedDefault, attributes, NFS_ACL_DEFAULT, (mask & NFS_DFACL) !== 0),
  };
}

/** What SETACL is to set. Throws INVAL for an entry that cannot be. */
export function aclsOf({ mask, access, default: inherited }: secattr): Acls {
  checkMask(mask);
  return {
    access: (mask & NFS_ACL) !== 0 ? aclOf(access) : undefined,
    // As knfsd: Linux's client takes a default ACL away by not sending one.
    default: (mask & NFS_DFACL) !== 0 ? aclOf(inherited) : [],
  };
}

function aclOfMode(mode: number): Acl {
  return [
    { tag: AclTag.USER_OBJ, permissions: (mode >> 6) & PERMISSIONS, id: 0 },
    { tag: AclTag.GROUP_OBJ, permissions: (mode >> 3) & PERMISSIONS, id: 0 },
    { tag: AclTag.OTHER, permissions: mode & PERMISSIONS, id: 0 },
  ];
}

function countedOf(acl: Acl, owner: Attributes, flag: number, withEntries: boolean): counted {
  const complete = acl.length === MINIMAL ? withMask(acl) : acl;
  return {
    count: complete.length,
    entries: withEntries
      ? complete.map(({ tag, permissions, id }) => ({
          type: tag | flag,
          id: tag === AclTag.USER_OBJ ? owner.uid : tag === AclTag.GROUP_OBJ ? owner.gid : id,
          perm: permissions,
        }))
      : [],
  };
}

/** In Sun's protocol every ACL has a mask; without named users or groups it is as the group's entry. */
function withMask(acl: Acl): Acl {
  return acl.flatMap((entry) => (entry.tag === AclTag.GROUP_OBJ ? [entry, { ...entry, tag: AclTag.MASK }] : [entry]));
}

function aclOf({ count, entries }: counted): Acl {
  if (count !== entries.length) throw new FsError('INVAL', 'acl');
  const acl = entries.map(entryOf).sort((a, b) => a.tag - b.tag || a.id - b.id);
  const group = acl.find(({ tag }) => tag === AclTag.GROUP_OBJ);
  const mask = acl.find(({ tag }) => tag === AclTag.MASK);
  const isMinimal = acl.length === MINIMAL + 1 && mask !== undefined && mask.permissions === group?.permissions;
  return isMinimal ? acl.filter((entry) => entry !== mask) : acl;
}

function entryOf({ type, id, perm }: aclent): AclEntry {
  const tag = TAGS.get(type & ~NFS_ACL_DEFAULT);
  // Solaris sets further bits in the mask's entry.
  const permissions = tag === AclTag.MASK ? perm & PERMISSIONS : perm;
  if (tag === undefined || permissions > PERMISSIONS) throw new FsError('INVAL', 'acl');
  return { tag, permissions, id: tag === AclTag.USER || tag === AclTag.GROUP ? id : 0 };
}
