import { type Fault, onArguments, onFileSystem, onResult } from './fault.ts';

const row = (version: 2 | 3, procedure: string) => ({
  program: 100_227,
  version,
  procedure: `ACLPROC${version}_${procedure}`,
});

const NFS_DFACL = 4;
const USER = 0x02;
const GROUP_OBJ = 0x04;
const MASK = 0x10;
const FLAGS = 0x1000;

interface Entry {
  readonly type: number;
  readonly id: number;
  readonly perm: number;
}
type Change = (entries: readonly Entry[]) => Entry[];

/** An ACL with other entries, and a count that says so. */
const changed = ({ entries }: { entries: readonly Entry[] }, change: Change) => {
  const after = change(entries);
  return { count: after.length, entries: after };
};
/** Changes the entries that GETACL tells, where it tells any. */
const onGot = (version: 2 | 3, change: Change, which: 'access' | 'default' = 'access') =>
  onResult(row(version, 'GETACL'), (res) => {
    if (res.status !== 0 || res.acl[which].entries.length === 0) return res;
    return { ...res, acl: { ...res.acl, [which]: changed(res.acl[which], change) } };
  });
/** Changes the entries that SETACL sets. */
const onSet = (version: 2 | 3, change: Change) =>
  onArguments(row(version, 'SETACL'), (args) => ({
    ...args,
    acl: { ...args.acl, access: changed(args.acl.access, change) },
  }));

/** Faults of the NFSACL program. */
export const NFSACL_FAULTS: readonly Fault[] = [
  {
    name: 'getacl-without-mask-entry',
    breaks: 'GETACL leaves the mask out of the ACL that a mode is',
    caughtBy: ['NFSACLv3/GETACL/of-mode', 'NFSACLv3/GETACL/of-directory'],
    ...onGot(3, (entries) => entries.filter(({ type }) => type !== MASK)),
  },
  {
    name: 'getacl-without-ids',
    breaks: "GETACL leaves the owners' ids out",
    caughtBy: ['NFSACLv3/GETACL/ids-of-owners'],
    ...onGot(3, (entries) => entries.map((entry) => (entry.type === USER ? entry : { ...entry, id: 0 }))),
  },
  {
    name: 'getacl-in-any-order',
    breaks: 'GETACL tells entries from last to first',
    caughtBy: ['NFSACLv2/GETACL/sorted', 'NFSACLv2/SETACL/any-order'],
    ...onGot(2, (entries) => [...entries].reverse()),
  },
  {
    name: 'getacl-count-of-none',
    breaks: 'GETACL counts no entries where it tells some',
    caughtBy: ['NFSACLv2/GETACL/of-mode', 'NFSACLv2/SETACL/named-user'],
    ...onResult(row(2, 'GETACL'), (res) =>
      res.status === 0 ? { ...res, acl: { ...res.acl, access: { ...res.acl.access, count: 0 } } } : res,
    ),
  },
  {
    name: 'getacl-tells-everything',
    breaks: 'GETACL tells both ACLs whatever mask asks for',
    caughtBy: ['NFSACLv3/GETACL/mask-told', 'NFSACLv3/GETACL/counts-alone', 'NFSACLv3/default ACLs/alone'],
    ...onArguments(row(3, 'GETACL'), (args) => ({ ...args, mask: 15 })),
  },
  {
    name: 'getacl-default-not-flagged',
    breaks: 'GETACL does not flag the entries of a default ACL',
    caughtBy: ['NFSACLv3/default ACLs/flagged'],
    ...onGot(3, (entries) => entries.map((entry) => ({ ...entry, type: entry.type & ~FLAGS })), 'default'),
  },
  {
    name: 'setacl-drops-default',
    breaks: 'SETACL does not set the default ACL',
    caughtBy: ['NFSACLv3/default ACLs/kept', 'NFSACLv3/default ACLs/inherited-by-file'],
    ...onArguments(row(3, 'SETACL'), (args) => ({ ...args, acl: { ...args.acl, mask: args.acl.mask & ~NFS_DFACL } })),
  },
  {
    name: 'setacl-drops-named-users',
    breaks: 'SETACL does not set the entries of named users',
    caughtBy: ['NFSACLv2/SETACL/named-user', 'NFSACLv2/permissions/named-user', 'NFSACLv2/ACCESS/by-acl'],
    ...onSet(2, (entries) => entries.filter(({ type }) => type !== USER)),
  },
  {
    name: 'setacl-mask-of-all',
    breaks: 'SETACL sets a mask that takes nothing away',
    caughtBy: ['NFSACLv3/permissions/mask', 'NFSACLv3/SETACL/mask-less-than-entries'],
    ...onSet(3, (entries) => entries.map((entry) => (entry.type === MASK ? { ...entry, perm: 7 } : entry))),
  },
  {
    name: 'setacl-repairs',
    breaks: 'SETACL adds a mask to an ACL that is none without it',
    caughtBy: ['NFSACLv3/SETACL/no-mask'],
    ...onSet(3, (entries) =>
      entries.some(({ type }) => type === MASK) ? [...entries] : [...entries, { type: MASK, id: 0, perm: 7 }],
    ),
  },
  {
    name: 'setacl-ids-of-31-bits',
    breaks: 'SETACL loses the highest bit of ids',
    caughtBy: ['NFSACLv3/SETACL/large-ids'],
    ...onSet(3, (entries) => entries.map((entry) => ({ ...entry, id: entry.id & 0x7fff_ffff }))),
  },
  {
    name: 'setacl-swaps-group-and-mask',
    breaks: 'SETACL sets the mask for the group',
    caughtBy: ['NFSACLv2/SETACL/mode-follows', 'NFSACLv2/SETACL/named-user'],
    ...onSet(2, (entries) =>
      entries.map((entry) => {
        const other = entry.type === MASK ? GROUP_OBJ : entry.type === GROUP_OBJ ? MASK : entry.type;
        return { ...entry, type: other };
      }),
    ),
  },
  {
    name: 'setacl-by-anyone',
    breaks: 'SETACL runs as root, whoever calls',
    caughtBy: ['NFSACLv2/SETACL/owner-alone', 'NFSACLv3/SETACL/owner-alone'],
    ...onFileSystem((sound) => ({
      setAcls: (caller, ...rest) => sound.setAcls({ ...caller, uid: 0, gid: 0, groups: [] }, ...rest),
    })),
  },
  {
    name: 'setacl-attributes-from-before',
    breaks: 'SETACL tells a mode from before',
    caughtBy: ['NFSACLv3/SETACL/attributes-true'],
    ...onResult(row(3, 'SETACL'), (res) => (res.status === 0 ? { ...res, attr: { ...res.attr, mode: 0o640 } } : res)),
  },
  {
    name: 'acl-access-grants-all',
    breaks: "NFSACLv2's ACCESS grants whatever is asked",
    caughtBy: ['NFSACLv2/ACCESS/others', 'NFSACLv2/ACCESS/directory', 'NFSACLv2/ACCESS/unknown-bits'],
    ...onResult(row(2, 'ACCESS'), (res, args) => (res.status === 0 ? { ...res, access: args.access } : res)),
  },
  {
    name: 'acl-getattr-in-v3-form',
    breaks: "NFSACLv2's GETATTR leaves the type out of mode",
    caughtBy: ['NFSACLv2/GETATTR/as-nfs'],
    ...onResult(row(2, 'GETATTR'), (res) =>
      res.status === 0 ? { ...res, attributes: { ...res.attributes, mode: res.attributes.mode & 0o7777 } } : res,
    ),
  },
];
