import { constants } from 'node:fs';

/** Flags of open(2). Those that differ between machines come from Node.js; the rest are the same on x86_64 and arm64. */
export const O_RDONLY = constants.O_RDONLY;
export const O_RDWR = constants.O_RDWR;
export const O_CREAT = constants.O_CREAT;
export const O_EXCL = constants.O_EXCL;
export const O_NOCTTY = constants.O_NOCTTY;
export const O_NONBLOCK = constants.O_NONBLOCK;
export const O_DIRECTORY = constants.O_DIRECTORY;
export const O_NOFOLLOW = constants.O_NOFOLLOW;
export const O_CLOEXEC = 0o2000000;
export const O_PATH = 0o10000000;
export const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
export const AT_EACCESS = 0x200;
export const AT_REMOVEDIR = 0x200;
export const AT_SYMLINK_FOLLOW = 0x400;
export const AT_EMPTY_PATH = 0x1000;

/** openat2(2): no mount point is crossed; only what is in memory is looked at (EAGAIN otherwise). */
export const RESOLVE_NO_XDEV = 0x01;
export const RESOLVE_CACHED = 0x20;

export const OPEN_TREE_CLONE = 1;

/** preadv2(2), pwritev2(2): EAGAIN instead of waiting. */
export const RWF_NOWAIT = 8;

/** File types in `st_mode`. */
export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;
export const S_IFBLK = 0o060000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;
export const S_ISUID = 0o4000;
export const S_ISGID = 0o2000;
export const S_IXGRP = 0o010;

/** `f_type` of statfs(2). */
export const TMPFS = 0x01021994;
export const RAMFS = 0x858458f6;
export const EXT4 = 0xef53;
export const XFS = 0x58465342;
export const BTRFS = 0x9123683e;
export const VFAT = 0x4d44;
