import type { Case } from '../case.ts';
import { CREATE } from './create.ts';
import { DUPLICATES } from './duplicates.ts';
import { GETATTR } from './getattr.ts';
import { HANDLES } from './handles.ts';
import { LINK } from './link.ts';
import { LOOKUP } from './lookup.ts';
import { MKDIR } from './mkdir.ts';
import { NULL } from './null.ts';
import { ROOT, WRITECACHE } from './obsolete.ts';
import { READ } from './read.ts';
import { READDIR } from './readdir.ts';
import { READLINK } from './readlink.ts';
import { REMOVE } from './remove.ts';
import { RENAME } from './rename.ts';
import { RMDIR } from './rmdir.ts';
import { SETATTR } from './setattr.ts';
import { STATFS } from './statfs.ts';
import { SYMLINK } from './symlink.ts';
import { WRITE } from './write.ts';

export const nfs2Cases: readonly Case[] = [
  ...NULL,
  ...GETATTR,
  ...SETATTR,
  ...ROOT,
  ...LOOKUP,
  ...READLINK,
  ...READ,
  ...WRITECACHE,
  ...WRITE,
  ...CREATE,
  ...REMOVE,
  ...RENAME,
  ...LINK,
  ...SYMLINK,
  ...MKDIR,
  ...RMDIR,
  ...READDIR,
  ...STATFS,
  ...HANDLES,
  ...DUPLICATES,
];
