import assert from 'node:assert/strict';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { SETACL2args } from '../../../src/nfs/acl/v2/setacl.ts';
import { SETACL3args, SETACL3res } from '../../../src/nfs/acl/v3/setacl.ts';
import * as v2 from '../../../src/nfs/v2/types.ts';
import type { fattr3 } from '../../../src/nfs/v3/attributes.ts';
import * as v3 from '../../../src/nfs/v3/types.ts';
import { FileType } from '../../../src/vfs/index.ts';
import { type Xdr, XdrReader, XdrWriter } from '../../../src/xdr/index.ts';
import { counted, getfacl } from '../acl/harness.ts';
import { at, sattr } from '../v3/harness.ts';

/** Where a call finds its files: a folder of its own within the export. */
export interface Scene {
  readonly folder: string;
  readonly dir: Buffer;
  /** The handle of a name in the folder. */
  handle(name: string): Promise<Buffer>;
}

export interface Case {
  readonly name: string;
  readonly program: number;
  readonly version: number;
  readonly procedure: number;
  /** Makes what the call needs. @returns its arguments. */
  prepare(scene: Scene): Promise<Buffer>;
  /** Whether the folder is as the call leaves it. */
  isDone(folder: string): boolean;
  /** The result is a success, and says of the folder what is so. */
  check(result: Buffer, scene: Scene): Promise<void>;
}

interface Plan<Args, Res> {
  readonly args: Xdr<Args>;
  readonly res: Xdr<Res>;
  prepare(scene: Scene): Args | Promise<Args>;
  isDone(folder: string): boolean;
  check?(result: Extract<Res, { status: 0 }>, scene: Scene): void | Promise<void>;
}

const NFS = 100003;
const NFSACL = 100227;

function define<Args, Res extends { status: number }>(
  [name, program, version, procedure]: readonly [string, number, number, number],
  plan: Plan<Args, Res>,
): Case {
  return {
    ...{ name, program, version, procedure },
    isDone: plan.isDone,
    prepare: async (scene) => {
      const writer = new XdrWriter();
      plan.args.write(writer, await plan.prepare(scene));
      return writer.toBuffer();
    },
    check: async (body, scene) => {
      const reader = new XdrReader(body);
      const result = plan.res.read(reader);
      reader.finish();
      assert.equal(result.status, 0, `${name}: status ${result.status}`);
      await plan.check?.(result as Extract<Res, { status: 0 }>, scene);
    },
  };
}

const here = (name: string) => (folder: string) => existsSync(join(folder, name));
const gone = (name: string) => (folder: string) => !existsSync(join(folder, name));
const put = ({ folder }: Scene, ...names: string[]) => {
  for (const name of names) writeFileSync(join(folder, name), `this was ${name}`);
};

/** The attributes are those of the file as it is. */
function assertAttributes(told: fattr3 | undefined, path: string): void {
  assert.ok(told, `no attributes of ${path}`);
  const now = lstatSync(path);
  const { fileidLow, fileidHigh, size, mode, nlink } = told;
  const found = { ino: fileidHigh * 2 ** 32 + fileidLow, mode, nlink, size };
  assert.deepEqual(found, { ino: now.ino, mode: now.mode & 0o7777, nlink: now.nlink, size: now.size });
}

type Made = {
  readonly obj: Buffer | undefined;
  readonly obj_attributes: fattr3 | undefined;
  readonly dir_wcc: v3.wcc_data;
};

/** CREATE and its like tell the object that now has the name, and the directory. */
const made =
  (name: string) =>
  async ({ obj, obj_attributes, dir_wcc }: Made, { folder, handle }: Scene): Promise<void> => {
    assertAttributes(obj_attributes, join(folder, name));
    assertAttributes(dir_wcc.after, folder);
    assert.deepEqual(obj, await handle(name));
  };

const made2 =
  (name: string) =>
  async ({ file, attributes }: { file: Buffer; attributes: { fileid: number } }, { folder, handle }: Scene) => {
    assert.equal(attributes.fileid, lstatSync(join(folder, name)).ino % 2 ** 32);
    assert.deepEqual(file, await handle(name));
  };

const UNSET = 0xffff_ffff;
const NOTHING_SET = { seconds: UNSET, useconds: UNSET };
const sattr2 = (set: { mode?: number; size?: number }) => ({
  ...{ mode: set.mode ?? UNSET, uid: UNSET, gid: UNSET, size: set.size ?? UNSET },
  ...{ atime: NOTHING_SET, mtime: NOTHING_SET },
});

const ACL = {
  mask: 1,
  access: counted([
    [1, 0, 6],
    [2, 4001, 4],
    [4, 0, 4],
    [16, 0, 4],
    [32, 0, 0],
  ]),
  default: { count: 0, entries: [] },
};
/** Where acl(5)'s tools are missing, the mask that takes the place of the group's bits tells. */
const hasAcl = (folder: string) =>
  getfacl(join(folder, 'file'))?.includes('user:4001:r--') ?? (statSync(join(folder, 'file')).mode & 0o777) === 0o640;

function create3(name: string, how: v3.createhow3): Case {
  return define([name, NFS, 3, 8], {
    ...{ args: v3.CREATE3args, res: v3.CREATE3res, isDone: here('new'), check: made('new') },
    prepare: ({ dir }) => ({ where: at(dir, 'new'), how }),
  });
}

/** Every procedure that is in the reply journal. */
export const CASES: readonly Case[] = [
  define(['SETATTR', NFS, 3, 2], {
    ...{ args: v3.SETATTR3args, res: v3.SETATTR3res },
    prepare: async (scene) => {
      put(scene, 'file');
      const path = join(scene.folder, 'file');
      utimesSync(path, 1000, 1000);
      const { ctimeNs } = statSync(path, { bigint: true });
      // The guard does not hold any more once the call has run.
      const guard = { seconds: Number(ctimeNs / 1_000_000_000n), nseconds: Number(ctimeNs % 1_000_000_000n) };
      const time = { set_it: v3.SET_TO_CLIENT_TIME, time: { seconds: 77, nseconds: 0 } } as const;
      const new_attributes = sattr({ mode: 0o604, size: 3, mtime: time });
      return { object: await scene.handle('file'), new_attributes, guard };
    },
    isDone: (folder) => statSync(join(folder, 'file')).size === 3,
    check: ({ obj_wcc }, { folder }) => {
      assertAttributes(obj_wcc.after, join(folder, 'file'));
      assert.equal(obj_wcc.after?.mtimeSeconds, 77);
    },
  }),
  create3('CREATE UNCHECKED', { mode: v3.UNCHECKED, obj_attributes: sattr({ mode: 0o644 }) }),
  define(['MKDIR', NFS, 3, 9], {
    ...{ args: v3.MKDIR3args, res: v3.MKDIR3res, isDone: here('new'), check: made('new') },
    prepare: ({ dir }) => ({ where: at(dir, 'new'), attributes: sattr({ mode: 0o755 }) }),
  }),
  create3('CREATE GUARDED', { mode: v3.GUARDED, obj_attributes: sattr({ mode: 0o600 }) }),
  define(['SYMLINK', NFS, 3, 10], {
    ...{ args: v3.SYMLINK3args, res: v3.SYMLINK3res, isDone: here('.link-is-there') },
    prepare: ({ dir }) => {
      const symlink = { symlink_attributes: sattr(), symlink_data: Buffer.from('.') };
      return { where: at(dir, '.link-is-there'), symlink };
    },
    check: async (result, scene) => {
      await made('.link-is-there')(result, scene);
      assert.equal(readlinkSync(join(scene.folder, '.link-is-there')), '.');
    },
  }),
  create3('CREATE EXCLUSIVE', { mode: v3.EXCLUSIVE, verf: Buffer.from('verifier') }),
  define(['MKNOD', NFS, 3, 11], {
    ...{ args: v3.MKNOD3args, res: v3.MKNOD3res, isDone: here('fifo'), check: made('fifo') },
    prepare: ({ dir }) => ({
      where: at(dir, 'fifo'),
      what: { type: FileType.FIFO, device: undefined, pipe: { pipe_attributes: sattr({ mode: 0o644 }) } },
    }),
  }),
  define(['REMOVE', NFS, 3, 12], {
    ...{ args: v3.REMOVE3args, res: v3.REMOVE3res, isDone: gone('file') },
    prepare: (scene) => {
      put(scene, 'file', 'other');
      return { object: at(scene.dir, 'file') };
    },
    check: ({ dir_wcc }, { folder }) => assertAttributes(dir_wcc.after, folder),
  }),
  define(['CREATE UNCHECKED of a file that is there', NFS, 3, 8], {
    ...{ args: v3.CREATE3args, res: v3.CREATE3res, check: made('file') },
    prepare: (scene) => {
      put(scene, 'file');
      return { where: at(scene.dir, 'file'), how: { mode: v3.UNCHECKED, obj_attributes: sattr({ size: 0 }) } as const };
    },
    isDone: (folder) => statSync(join(folder, 'file')).size === 0,
  }),
  define(['RMDIR', NFS, 3, 13], {
    ...{ args: v3.RMDIR3args, res: v3.RMDIR3res, isDone: gone('sub') },
    prepare: ({ folder, dir }) => {
      mkdirSync(join(folder, 'sub'));
      return { object: at(dir, 'sub') };
    },
    check: ({ dir_wcc }, { folder }) => assertAttributes(dir_wcc.after, folder),
  }),
  define(['RENAME', NFS, 3, 14], {
    ...{ args: v3.RENAME3args, res: v3.RENAME3res },
    prepare: (scene) => {
      put(scene, 'from', 'to');
      return { from: at(scene.dir, 'from'), to: at(scene.dir, 'to') };
    },
    isDone: (folder) => readdirSync(folder).join() === 'to' && statSync(join(folder, 'to')).size === 13,
    check: ({ fromdir_wcc, todir_wcc }, { folder }) => {
      assertAttributes(fromdir_wcc.after, folder);
      assertAttributes(todir_wcc.after, folder);
    },
  }),
  define(['LINK', NFS, 3, 15], {
    ...{ args: v3.LINK3args, res: v3.LINK3res, isDone: here('link') },
    prepare: async (scene) => {
      put(scene, 'file');
      return { file: await scene.handle('file'), link: at(scene.dir, 'link') };
    },
    check: ({ file_attributes, linkdir_wcc }, { folder }) => {
      assertAttributes(file_attributes, join(folder, 'link'));
      assertAttributes(linkdir_wcc.after, folder);
      assert.equal(file_attributes?.nlink, 2);
    },
  }),
  define(['ACLPROC3_SETACL', NFSACL, 3, 2], {
    ...{ args: SETACL3args, res: SETACL3res, isDone: hasAcl },
    prepare: async (scene) => {
      put(scene, 'file');
      return { fh: await scene.handle('file'), acl: ACL };
    },
    check: ({ attr }, { folder }) => assertAttributes(attr, join(folder, 'file')),
  }),
  define(['version 2 SETATTR', NFS, 2, 2], {
    ...{ args: v2.sattrargs, res: v2.attrstat },
    prepare: async (scene) => {
      put(scene, 'file');
      return { file: await scene.handle('file'), attributes: sattr2({ size: 3 }) };
    },
    isDone: (folder) => statSync(join(folder, 'file')).size === 3,
    check: ({ attributes }) => assert.equal(attributes.size, 3),
  }),
  define(['version 2 CREATE', NFS, 2, 9], {
    ...{ args: v2.createargs, res: v2.diropres, isDone: here('new'), check: made2('new') },
    prepare: ({ dir }) => ({ where: at(dir, 'new'), attributes: sattr2({ mode: 0o644, size: 0 }) }),
  }),
  define(['version 2 REMOVE', NFS, 2, 10], {
    ...{ args: v2.diropargs, res: v2.statres, isDone: gone('file') },
    prepare: (scene) => {
      put(scene, 'file');
      return at(scene.dir, 'file');
    },
  }),
  define(['version 2 RENAME', NFS, 2, 11], {
    ...{ args: v2.renameargs, res: v2.statres, isDone: gone('from') },
    prepare: (scene) => {
      put(scene, 'from');
      return { from: at(scene.dir, 'from'), to: at(scene.dir, 'to') };
    },
  }),
  define(['version 2 LINK', NFS, 2, 12], {
    ...{ args: v2.linkargs, res: v2.statres, isDone: here('link') },
    prepare: async (scene) => {
      put(scene, 'file');
      linkSync(join(scene.folder, 'file'), join(scene.folder, 'another'));
      return { from: await scene.handle('file'), to: at(scene.dir, 'link') };
    },
  }),
  define(['version 2 SYMLINK', NFS, 2, 13], {
    ...{ args: v2.symlinkargs, res: v2.statres, isDone: here('.link-is-there') },
    prepare: ({ dir }) => ({ from: at(dir, '.link-is-there'), to: Buffer.from('.'), attributes: sattr2({}) }),
  }),
  define(['version 2 MKDIR', NFS, 2, 14], {
    ...{ args: v2.createargs, res: v2.diropres, isDone: here('new'), check: made2('new') },
    prepare: ({ dir }) => ({ where: at(dir, 'new'), attributes: sattr2({ mode: 0o755 }) }),
  }),
  define(['version 2 RMDIR', NFS, 2, 15], {
    ...{ args: v2.diropargs, res: v2.statres, isDone: gone('sub') },
    prepare: ({ folder, dir }) => {
      mkdirSync(join(folder, 'sub'));
      return at(dir, 'sub');
    },
  }),
  define(['ACLPROC2_SETACL', NFSACL, 2, 2], {
    ...{ args: SETACL2args, res: v2.attrstat, isDone: hasAcl },
    prepare: async (scene) => {
      put(scene, 'file');
      return { fh: await scene.handle('file'), acl: ACL };
    },
  }),
];
