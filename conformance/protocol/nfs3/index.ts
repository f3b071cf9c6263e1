import type { Case } from '../case.ts';
import { ACCESS } from './access.ts';
import { COMMIT } from './commit.ts';
import { CREATE } from './create.ts';
import { DUPLICATES } from './duplicates.ts';
import { FSINFO } from './fsinfo.ts';
import { FSSTAT } from './fsstat.ts';
import { GETATTR } from './getattr.ts';
import { HANDLES } from './handles.ts';
import { LINK } from './link.ts';
import { LOOKUP } from './lookup.ts';
import { MKDIR } from './mkdir.ts';
import { MKNOD } from './mknod.ts';
import { NULL } from './null.ts';
import { PATHCONF } from './pathconf.ts';
import { READ } from './read.ts';
import { READDIR } from './readdir.ts';
import { READDIRPLUS } from './readdirplus.ts';
import { READLINK } from './readlink.ts';
import { REMOVE } from './remove.ts';
import { RENAME } from './rename.ts';
import { RMDIR } from './rmdir.ts';
import { SETATTR } from './setattr.ts';
import { SYMLINK } from './symlink.ts';
import { WRITE } from './write.ts';

export const nfs3Cases: readonly Case[] = [
  ...NULL,
  ...GETATTR,
  ...SETATTR,
  ...LOOKUP,
  ...ACCESS,
  ...READLINK,
  ...READ,
  ...WRITE,
  ...CREATE,
  ...MKDIR,
  ...SYMLINK,
  ...MKNOD,
  ...REMOVE,
  ...RMDIR,
  ...RENAME,
  ...LINK,
  ...READDIR,
  ...READDIRPLUS,
  ...FSSTAT,
  ...FSINFO,
  ...PATHCONF,
  ...COMMIT,
  ...HANDLES,
  ...DUPLICATES,
];
