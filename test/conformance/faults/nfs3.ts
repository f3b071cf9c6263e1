import { FsError } from '../../../src/vfs/index.ts';
import { type Fault, nfs3Arguments, nfs3Result, nfs3Row, onFileSystem, onStatus, onSuccess } from './fault.ts';

const ROOT = { uid: 0, gid: 0, groups: [] };

/** Faults of the NFSv3 program. */
export const NFS3_FAULTS: readonly Fault[] = [
  {
    name: 'getattr-type-bits',
    breaks: 'GETATTR puts the type into mode, as stat(2) does',
    caughtBy: ['NFSv3/GETATTR/type-bits'],
    ...onSuccess('GETATTR', ({ obj_attributes, ...res }) => ({
      ...res,
      obj_attributes: { ...obj_attributes, mode: obj_attributes.mode | 0o100000 },
    })),
  },
  {
    name: 'getattr-size-32-bits',
    breaks: 'GETATTR loses the upper half of the size',
    caughtBy: ['NFSv3/SETATTR/size-beyond-4gib'],
    ...onSuccess('GETATTR', ({ obj_attributes, ...res }) => ({
      ...res,
      obj_attributes: { ...obj_attributes, size: obj_attributes.size % 2 ** 32 },
    })),
  },
  {
    name: 'getattr-stale-as-noent',
    breaks: 'GETATTR answers NFS3ERR_NOENT for a removed file',
    caughtBy: ['NFSv3/GETATTR/stale'],
    ...onStatus('GETATTR', 70, 2),
  },
  {
    name: 'setattr-ignores-guard',
    breaks: 'SETATTR does not look at the guard',
    caughtBy: ['NFSv3/SETATTR/guard-wrong', 'NFSv3/SETATTR/guard-nanoseconds'],
    ...nfs3Arguments('SETATTR', (args) => ({ ...args, guard: undefined })),
  },
  {
    name: 'setattr-ignores-size',
    breaks: 'SETATTR does not set the size',
    caughtBy: ['NFSv3/SETATTR/size-shrinks', 'NFSv3/SETATTR/size-grows'],
    ...nfs3Arguments('SETATTR', (args) => ({
      ...args,
      new_attributes: { ...args.new_attributes, size: undefined },
    })),
  },
  {
    name: 'lookup-noent-as-io',
    breaks: 'LOOKUP answers NFS3ERR_IO for a missing name',
    caughtBy: ['NFSv3/LOOKUP/missing-name'],
    ...onStatus('LOOKUP', 2, 5),
  },
  {
    name: 'lookup-attributes-of-directory',
    breaks: "LOOKUP tells the directory's attributes for the object's",
    caughtBy: ['NFSv3/LOOKUP/attributes-true'],
    ...onSuccess('LOOKUP', (res) => ({ ...res, obj_attributes: res.dir_attributes })),
  },
  {
    name: 'access-grants-all',
    breaks: 'ACCESS grants whatever is asked',
    caughtBy: ['NFSv3/ACCESS/others-of-file', 'NFSv3/ACCESS/directory-without-x'],
    ...onSuccess('ACCESS', (res, args) => ({ ...res, access: args.access })),
  },
  {
    name: 'access-grants-unasked',
    breaks: 'ACCESS grants READ also if nobody asked for it',
    caughtBy: ['NFSv3/ACCESS/only-what-was-asked'],
    ...onSuccess('ACCESS', (res) => ({ ...res, access: res.access | 1 })),
  },
  {
    name: 'read-never-eof',
    breaks: 'READ never says eof',
    caughtBy: ['NFSv3/READ/whole', 'NFSv3/READ/up-to-the-end'],
    ...onSuccess('READ', (res) => ({ ...res, eof: false })),
  },
  {
    name: 'read-always-eof',
    breaks: 'READ always says eof',
    caughtBy: ['NFSv3/READ/range'],
    ...onSuccess('READ', (res) => ({ ...res, eof: true })),
  },
  {
    name: 'read-offset-32-bits',
    breaks: 'READ loses the upper half of the offset',
    caughtBy: ['NFSv3/READ/beyond-4gib'],
    ...nfs3Arguments('READ', (args) => ({ ...args, offset: args.offset % 2 ** 32 })),
  },
  {
    name: 'write-says-file-sync-never',
    breaks: 'WRITE says UNSTABLE whatever was asked',
    caughtBy: ['NFSv3/WRITE/committed-file_sync', 'NFSv3/WRITE/committed-data_sync'],
    ...onSuccess('WRITE', (res) => ({ ...res, committed: 0 })),
  },
  {
    name: 'write-wcc-after-is-before',
    breaks: 'WRITE tells the attributes from before as those from after',
    caughtBy: ['NFSv3/WRITE/wcc-true'],
    ...onSuccess('WRITE', ({ file_wcc, ...res }) => ({
      ...res,
      file_wcc: { ...file_wcc, after: { ...file_wcc.after, ...file_wcc.before } },
    })),
  },
  {
    name: 'commit-other-verifier',
    breaks: 'COMMIT has another verifier than WRITE',
    caughtBy: ['NFSv3/COMMIT/after-unstable', 'NFSv3/WRITE/verifier-stays'],
    ...onSuccess('COMMIT', (res) => ({ ...res, verf: Buffer.from('whatever') })),
  },
  {
    name: 'create-guarded-as-unchecked',
    breaks: 'CREATE GUARDED takes a file that is there',
    caughtBy: ['NFSv3/CREATE/guarded-existing'],
    ...nfs3Arguments('CREATE', (args) => (args.how.mode === 1 ? { ...args, how: { ...args.how, mode: 0 } } : args)),
  },
  {
    name: 'create-exclusive-forgets',
    breaks: 'CREATE EXCLUSIVE does not know its own file again',
    caughtBy: ['NFSv3/CREATE/exclusive-replay'],
    ...nfs3Arguments('CREATE', (args) =>
      args.how.mode === 2 ? { ...args, how: { mode: 2, verf: Buffer.from(String(Math.random()).slice(-8)) } } : args,
    ),
  },
  {
    name: 'symlink-text-cut',
    breaks: 'SYMLINK cuts its text at 255 bytes',
    caughtBy: ['NFSv3/SYMLINK/long-text'],
    ...nfs3Arguments('SYMLINK', (args) => ({
      ...args,
      symlink: { ...args.symlink, symlink_data: args.symlink.symlink_data.subarray(0, 255) },
    })),
  },
  {
    name: 'mknod-device-numbers-swapped',
    breaks: 'MKNOD swaps major and minor',
    caughtBy: ['NFSv3/MKNOD/character-device', 'NFSv3/MKNOD/block-device'],
    ...nfs3Arguments('MKNOD', ({ what, ...args }) => {
      if (what.device === undefined) return { ...args, what };
      const { specdata1, specdata2 } = what.device.spec;
      const spec = { specdata1: specdata2, specdata2: specdata1 };
      return { ...args, what: { ...what, device: { ...what.device, spec } } };
    }),
  },
  {
    name: 'remove-runs-twice',
    breaks: 'REMOVE is not in the duplicate request cache',
    caughtBy: ['NFSv3/duplicates/remove', 'NFSv3/duplicates/failure-too'],
    ...nfs3Row('REMOVE', ({ replay: _, ...row }) => ({ ...row, idempotent: true })),
  },
  {
    name: 'rmdir-not-empty-as-io',
    breaks: 'RMDIR answers NFS3ERR_IO for a directory that is not empty',
    caughtBy: ['NFSv3/RMDIR/not-empty'],
    ...onStatus('RMDIR', 66, 5),
  },
  {
    name: 'rename-wcc-swapped',
    breaks: 'RENAME swaps the wcc_data of its directories',
    caughtBy: ['NFSv3/RENAME/wcc-true'],
    ...nfs3Result('RENAME', ({ fromdir_wcc, todir_wcc, ...res }) => ({
      ...res,
      fromdir_wcc: todir_wcc,
      todir_wcc: fromdir_wcc,
    })),
  },
  {
    name: 'link-tells-old-attributes',
    breaks: 'LINK tells a link less than there are',
    caughtBy: ['NFSv3/LINK/wcc-true'],
    ...onSuccess('LINK', ({ file_attributes, ...res }) => ({
      ...res,
      file_attributes: { ...file_attributes, nlink: file_attributes.nlink - 1 },
    })),
  },
  {
    name: 'readdir-loses-the-last-of-a-page',
    breaks: 'READDIR leaves out the last name of each page that is not the end',
    caughtBy: ['NFSv3/READDIR/in-pages'],
    ...onSuccess('READDIR', (res) => {
      const { entries, eof } = res.reply;
      if (eof || entries.length < 2) return res;
      const [last, second] = [entries.at(-1), entries.at(-2)];
      return { ...res, reply: { eof, entries: [...entries.slice(0, -2), { ...second, cookie: last.cookie }] } };
    }),
  },
  {
    name: 'readdir-ignores-count',
    breaks: 'READDIR fills 32 KiB whatever count says',
    caughtBy: ['NFSv3/READDIR/count-is-the-most', 'NFSv3/READDIR/too-small'],
    ...nfs3Arguments('READDIR', (args) => ({ ...args, count: 32_768 })),
  },
  {
    name: 'readdirplus-handles-of-directory',
    breaks: "READDIRPLUS gives the directory's handle for each entry",
    caughtBy: ['NFSv3/READDIRPLUS/handles-true'],
    ...onSuccess('READDIRPLUS', (res, args) => ({
      ...res,
      reply: {
        ...res.reply,
        entries: res.reply.entries.map((entry: object) => ({ ...entry, name_handle: Buffer.from(args.dir) })),
      },
    })),
  },
  {
    name: 'fsinfo-no-symlinks',
    breaks: 'FSINFO denies symbolic links',
    caughtBy: ['NFSv3/FSINFO/symlinks-true'],
    ...onSuccess('FSINFO', (res) => ({ ...res, properties: res.properties & ~2 })),
  },
  {
    name: 'pathconf-name-max',
    breaks: 'PATHCONF promises longer names than there can be',
    caughtBy: ['NFSv3/PATHCONF/name-max'],
    ...onSuccess('PATHCONF', (res) => ({ ...res, name_max: 256 })),
  },
  {
    name: 'everybody-is-root',
    breaks: 'files are made and removed as root, whoever calls',
    caughtBy: ['NFSv3/REMOVE/no-write-permission', 'NFSv3/GETATTR/owner', 'NFSv3/REMOVE/sticky-directory'],
    ...onFileSystem((sound) => ({
      create: (caller, ...rest) => sound.create({ ...caller, ...ROOT }, ...rest),
      remove: (caller, ...rest) => sound.remove({ ...caller, ...ROOT }, ...rest),
    })),
  },
  {
    name: 'no-supplementary-groups',
    breaks: 'only the first group of a caller counts',
    caughtBy: ['NFSv3/REMOVE/group-permission', 'NFSv3/ACCESS/group-of-file'],
    ...onFileSystem((sound) => ({
      remove: (caller, ...rest) => sound.remove({ ...caller, groups: [] }, ...rest),
      access: (caller, ...rest) => sound.access({ ...caller, groups: [] }, ...rest),
    })),
  },
  {
    name: 'rename-never-replaces',
    breaks: 'RENAME refuses a target that is there',
    caughtBy: ['NFSv3/RENAME/replaces-file', 'NFSv3/RENAME/replaces-empty-directory'],
    ...onFileSystem((sound) => ({
      rename: async (caller, from, fromName, to, toName, ...rest) => {
        const there = await Promise.resolve()
          .then(() => sound.lookup(caller, to, toName))
          .catch(() => undefined);
        if (there !== undefined) throw new FsError('EXIST', 'rename');
        return sound.rename(caller, from, fromName, to, toName, ...rest);
      },
    })),
  },
];
