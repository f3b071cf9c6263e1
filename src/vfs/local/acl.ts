import { constants } from 'node:os';
import { type Awaitable, then } from '../../common/awaitable.ts';
import { type Acl, type AclEntry, type Acls, AclTag } from '../acl.ts';
import { type Attributes, type Change, FileType } from '../attributes.ts';
import { FsError } from '../error.ts';
import type { BeforeSettingAcls, Caller } from '../filesystem.ts';
import { check, fail } from './errno.ts';
import { become, becomeServer } from './identity.ts';
import type { LocalInode } from './inode.ts';
import { errno, getxattr, removexattr, setxattr } from './libc.ts';
import { statOf } from './stat.ts';
import type { Volume } from './volume.ts';

const ACCESS = Buffer.from('system.posix_acl_access\0');
const DEFAULT = Buffer.from('system.posix_acl_default\0');

/** `struct posix_acl_xattr_header` and `_entry`: a version word; tag and permissions of 16 bits and an id of 32 each. */
const XATTR_VERSION = 2;
const HEADER_BYTES = 4;
const ENTRY_BYTES = 8;
/** XATTR_SIZE_MAX. */
const buffer = Buffer.allocUnsafeSlow(1 << 16);
/** What stands for the id where the tag says it all. */
const UNDEFINED_ID = 0xffff_ffff;

const TAGS: ReadonlySet<number> = new Set(Object.values(AclTag));

/** No call takes an O_PATH descriptor for this, so it goes by the name that /proc has for it. */
function pathOf(inode: LocalInode): Buffer {
  return Buffer.from(`/proc/self/fd/${inode.fd}\0`);
}

export function acls(inode: LocalInode): { acls: Acls; attributes: Attributes } {
  becomeServer();
  return {
    acls: { access: aclOf(inode, ACCESS), default: inode.isDirectory ? aclOf(inode, DEFAULT) : undefined },
    attributes: statOf(inode.fd),
  };
}

function aclOf(inode: LocalInode, name: Buffer): Acl | undefined {
  // A symbolic link has none, and the name in /proc would lead to what it points at.
  if (inode.type === FileType.LNK) return undefined;
  const length = Number(getxattr(pathOf(inode), name, buffer, buffer.length));
  if (length >= 0) return decode(buffer.subarray(0, length));
  const number = errno();
  if (number === constants.errno.ENODATA || number === constants.errno.EOPNOTSUPP) return undefined;
  fail('getxattr');
}

/** SETACL. Both ACLs as the caller: the kernel decides. */
export function setAcls(
  volume: Volume,
  caller: Caller,
  inode: LocalInode,
  given: Acls,
  tell?: BeforeSettingAcls,
): Awaitable<Change> {
  if (inode.type === FileType.LNK) throw new FsError('NOTSUPP', 'setacl');
  if (given.default !== undefined && given.default.length > 0 && !inode.isDirectory) {
    throw new FsError('ACCES', 'setacl');
  }
  tell?.(acls(inode));
  const before = statOf(inode.fd);
  volume.guard.check();
  inode.changes += 1;
  // The mode may stay, and the ctime too within one tick of the kernel's clock: decisions kept must not outlive this.
  inode.rights.length = 0;
  if (given.access !== undefined) setAcl(caller, inode, ACCESS, given.access);
  if (given.default !== undefined && inode.isDirectory) setAcl(caller, inode, DEFAULT, given.default);
  const result = { before, after: statOf(inode.fd) };
  return caller.sync ? then(volume.flusher.flush(inode, true), () => result) : result;
}

function setAcl(caller: Caller, inode: LocalInode, name: Buffer, acl: Acl): void {
  become(caller);
  const path = pathOf(inode);
  if (acl.length > 0) {
    const length = encode(acl);
    check(setxattr(path, name, buffer, length, 0), 'setxattr');
    return;
  }
  if (removexattr(path, name) < 0 && errno() !== constants.errno.ENODATA) fail('removexattr');
}

function encode(acl: Acl): number {
  const length = HEADER_BYTES + acl.length * ENTRY_BYTES;
  if (length > buffer.length) throw new FsError('INVAL', 'setacl');
  buffer.writeUInt32LE(XATTR_VERSION, 0);
  acl.forEach(({ tag, permissions, id }, index) => {
    const at = HEADER_BYTES + index * ENTRY_BYTES;
    buffer.writeUInt16LE(tag, at);
    buffer.writeUInt16LE(permissions, at + 2);
    buffer.writeUInt32LE(hasId(tag) ? id : UNDEFINED_ID, at + 4);
  });
  return length;
}

function decode(bytes: Buffer): Acl {
  const count = (bytes.length - HEADER_BYTES) / ENTRY_BYTES;
  if (!Number.isInteger(count) || bytes.readUInt32LE(0) !== XATTR_VERSION) throw new FsError('IO', 'getxattr');
  return Array.from({ length: count }, (_, index): AclEntry => {
    const at = HEADER_BYTES + index * ENTRY_BYTES;
    const tag = bytes.readUInt16LE(at);
    if (!isTag(tag)) throw new FsError('IO', 'getxattr');
    return { tag, permissions: bytes.readUInt16LE(at + 2), id: hasId(tag) ? bytes.readUInt32LE(at + 4) : 0 };
  });
}

function isTag(tag: number): tag is AclTag {
  return TAGS.has(tag);
}

function hasId(tag: AclTag): boolean {
  return tag === AclTag.USER || tag === AclTag.GROUP;
}
