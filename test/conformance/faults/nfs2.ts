import { type Fault, onArguments, onResult, onRow } from './fault.ts';

const row = (procedure: string) => ({ program: 100_003, version: 2, procedure });
type Change = Parameters<typeof onResult>[1];
const nfs2Arguments = (procedure: string, change: Parameters<typeof onArguments>[1]) =>
  onArguments(row(procedure), change);
const onSuccess = (procedure: string, change: Change) =>
  onResult(row(procedure), (res, args) => (res.status === 0 ? change(res, args) : res));
const onStatus = (procedure: string, from: number, to: number) =>
  onResult(row(procedure), (res) => (res.status === from ? { ...res, status: to } : res));
/** Changes the attributes in a successful result. */
const onAttributes = (procedure: string, change: (attributes: Parameters<Change>[0]) => object) =>
  onSuccess(procedure, (res) => ({ ...res, attributes: { ...res.attributes, ...change(res.attributes) } }));
/** A procedure that is run again when it is sent again. */
const runsTwice = (procedure: string) =>
  onRow(row(procedure), ({ replay: _, ...rest }) => ({ ...rest, idempotent: true }));

const UNSET = 0xffff_ffff;

/** Faults of the NFSv2 program. */
export const NFS2_FAULTS: readonly Fault[] = [
  {
    name: 'v2-getattr-mode-without-type',
    breaks: 'GETATTR of NFSv2 leaves the type out of mode, as NFSv3 does',
    caughtBy: ['NFSv2/GETATTR/mode-has-type'],
    ...onAttributes('GETATTR', ({ mode }) => ({ mode: mode & 0o7777 })),
  },
  {
    name: 'v2-getattr-nanoseconds',
    breaks: 'GETATTR of NFSv2 tells nanoseconds for microseconds',
    caughtBy: ['NFSv2/GETATTR/microseconds', 'NFSv2/GETATTR/agrees-with-v3'],
    ...onAttributes('GETATTR', ({ mtime }) => ({ mtime: { ...mtime, useconds: mtime.useconds * 1000 + 999 } })),
  },
  {
    name: 'v2-getattr-stale-as-noent',
    breaks: 'GETATTR of NFSv2 answers NFSERR_NOENT for a handle that names nothing',
    caughtBy: ['NFSv2/GETATTR/stale', 'NFSv2/GETATTR/garbage-handle', 'NFSv2/handles/not-reused'],
    ...onStatus('GETATTR', 70, 2),
  },
  {
    name: 'v2-setattr-minus-one-is-a-size',
    breaks: 'SETATTR of NFSv2 takes a size of -1 for 0',
    caughtBy: ['NFSv2/SETATTR/all-minus-one', 'NFSv2/SETATTR/mode'],
    ...nfs2Arguments('SETATTR', ({ attributes, ...args }) => ({
      ...args,
      attributes: { ...attributes, size: attributes.size === UNSET ? 0 : attributes.size },
    })),
  },
  {
    name: 'v2-setattr-zero-is-minus-one',
    breaks: 'SETATTR of NFSv2 takes a size of 0 for none',
    caughtBy: ['NFSv2/SETATTR/size-zero'],
    ...nfs2Arguments('SETATTR', ({ attributes, ...args }) => ({
      ...args,
      attributes: { ...attributes, size: attributes.size === 0 ? UNSET : attributes.size },
    })),
  },
  {
    name: 'v2-setattr-whole-seconds',
    breaks: 'SETATTR of NFSv2 sets times without their microseconds',
    caughtBy: ['NFSv2/SETATTR/microseconds-kept', 'NFSv2/SETATTR/server-time'],
    ...nfs2Arguments('SETATTR', ({ attributes, ...args }) => {
      const whole = (time: { seconds: number }) => (time.seconds === UNSET ? time : { ...time, useconds: 0 });
      return { ...args, attributes: { ...attributes, atime: whole(attributes.atime), mtime: whole(attributes.mtime) } };
    }),
  },
  {
    name: 'v2-setattr-signed-size',
    breaks: 'SETATTR of NFSv2 takes sizes for signed numbers',
    caughtBy: ['NFSv2/SETATTR/size-above-2gib'],
    ...nfs2Arguments('SETATTR', ({ attributes, ...args }) => ({
      ...args,
      attributes: { ...attributes, size: attributes.size > 0x7fff_ffff ? UNSET : attributes.size },
    })),
  },
  {
    name: 'v2-lookup-attributes-of-another',
    breaks: "LOOKUP of NFSv2 tells attributes that are not the object's",
    caughtBy: ['NFSv2/LOOKUP/attributes-true'],
    ...onAttributes('LOOKUP', ({ fileid }) => ({ fileid: fileid + 1 })),
  },
  {
    name: 'v2-readlink-cut',
    breaks: 'READLINK of NFSv2 cuts a text at 255 bytes',
    caughtBy: ['NFSv2/READLINK/longest'],
    ...onSuccess('READLINK', (res) => ({ ...res, data: res.data.subarray(0, 255) })),
  },
  {
    name: 'v2-read-a-page-at-most',
    breaks: 'READ of NFSv2 gives 4096 bytes at most',
    caughtBy: ['NFSv2/READ/maxdata', 'NFSv2/READ/udp'],
    ...nfs2Arguments('READ', (args) => ({ ...args, count: Math.min(args.count, 4096) })),
  },
  {
    name: 'v2-read-signed-offset',
    breaks: 'READ of NFSv2 loses the highest bit of the offset',
    caughtBy: ['NFSv2/READ/above-2gib'],
    ...nfs2Arguments('READ', (args) => ({ ...args, offset: args.offset & 0x7fff_ffff })),
  },
  {
    name: 'v2-read-directory-as-io',
    breaks: 'READ of NFSv2 answers NFSERR_IO for a directory',
    caughtBy: ['NFSv2/READ/directory'],
    ...onStatus('READ', 21, 5),
  },
  {
    name: 'v2-write-at-beginoffset',
    breaks: 'WRITE of NFSv2 writes at beginoffset',
    caughtBy: ['NFSv2/WRITE/unused-fields'],
    ...nfs2Arguments('WRITE', (args) => ({ ...args, offset: args.beginoffset })),
  },
  {
    name: 'v2-write-first-page-alone',
    breaks: 'WRITE of NFSv2 writes the first 4096 bytes and says success',
    caughtBy: ['NFSv2/WRITE/maxdata', 'NFSv2/WRITE/udp'],
    ...nfs2Arguments('WRITE', ({ data, ...args }) => ({ ...args, data: [Buffer.concat(data).subarray(0, 4096)] })),
  },
  {
    name: 'v2-write-attributes-from-before',
    breaks: 'WRITE of NFSv2 tells a size from before',
    caughtBy: ['NFSv2/WRITE/attributes-true', 'NFSv2/WRITE/new'],
    ...onAttributes('WRITE', () => ({ size: 0 })),
  },
  {
    name: 'v2-create-does-not-empty',
    breaks: 'CREATE of NFSv2 leaves what is in a file that is there',
    caughtBy: ['NFSv2/CREATE/existing-emptied'],
    ...nfs2Arguments('CREATE', ({ attributes, ...args }) => ({ ...args, attributes: { ...attributes, size: UNSET } })),
  },
  {
    name: 'v2-create-always-a-file',
    breaks: 'CREATE of NFSv2 makes a regular file whatever the type in mode',
    caughtBy: ['NFSv2/CREATE/fifo', 'NFSv2/CREATE/socket', 'NFSv2/CREATE/device'],
    ...nfs2Arguments('CREATE', ({ attributes, ...args }) => ({
      ...args,
      attributes: { ...attributes, mode: attributes.mode & 0o7777, size: 0 },
    })),
  },
  {
    name: 'v2-create-cuts-names',
    breaks: 'CREATE of NFSv2 cuts names at 254 bytes',
    caughtBy: ['NFSv2/CREATE/longest-name', 'NFSv2/CREATE/name-too-long'],
    ...nfs2Arguments('CREATE', ({ where, ...args }) => ({
      ...args,
      where: { ...where, name: where.name.subarray(0, 254) },
    })),
  },
  {
    name: 'v2-symlink-text-cut',
    breaks: 'SYMLINK of NFSv2 cuts what is longer than 1024 bytes',
    caughtBy: ['NFSv2/SYMLINK/text-too-long'],
    ...nfs2Arguments('SYMLINK', (args) => ({ ...args, to: args.to.subarray(0, 1024) })),
  },
  {
    name: 'v2-remove-runs-twice',
    breaks: 'REMOVE of NFSv2 is not in the duplicate request cache',
    caughtBy: ['NFSv2/duplicates/remove', 'NFSv2/duplicates/remove-not-the-next'],
    ...runsTwice('REMOVE'),
  },
  {
    name: 'v2-setattr-runs-twice',
    breaks: 'SETATTR of NFSv2 is not in the duplicate request cache',
    caughtBy: ['NFSv2/duplicates/setattr-keeps-data'],
    ...runsTwice('SETATTR'),
  },
  {
    name: 'v2-rename-full-directory-as-io',
    breaks: 'RENAME of NFSv2 answers NFSERR_IO for a target that is not empty',
    caughtBy: ['NFSv2/RENAME/onto-full-directory'],
    ...onStatus('RENAME', 66, 5),
  },
  {
    name: 'v2-readdir-cookies-of-16-bits',
    breaks: 'READDIR of NFSv2 cuts cookies to 16 bits',
    caughtBy: ['NFSv2/READDIR/from-every-cookie'],
    ...onSuccess('READDIR', (res) => ({
      ...res,
      entries: res.entries.map(({ cookie, ...entry }: { cookie: number }) => ({ ...entry, cookie: cookie & 0xffff })),
    })),
  },
  {
    name: 'v2-readdir-ignores-count',
    breaks: 'READDIR of NFSv2 fills 8192 bytes whatever count says',
    caughtBy: ['NFSv2/READDIR/count-is-the-most', 'NFSv2/READDIR/too-small'],
    ...nfs2Arguments('READDIR', (args) => ({ ...args, count: 8192 })),
  },
  {
    name: 'v2-readdir-always-eof',
    breaks: 'READDIR of NFSv2 says eof after the first page',
    caughtBy: ['NFSv2/READDIR/in-pages', 'NFSv2/READDIR/cookie-of-removed'],
    ...onSuccess('READDIR', (res) => ({ ...res, eof: true })),
  },
  {
    name: 'v2-statfs-wrong-unit',
    breaks: 'STATFS of NFSv2 counts in blocks of another size than it tells',
    caughtBy: ['NFSv2/STATFS/agrees-with-v3'],
    ...onSuccess('STATFS', (res) => ({ ...res, bsize: res.bsize * 2 })),
  },
  {
    name: 'v2-statfs-more-available-than-free',
    breaks: 'STATFS of NFSv2 tells more blocks available than there are free',
    caughtBy: ['NFSv2/STATFS/in-order'],
    ...onSuccess('STATFS', (res) => ({ ...res, bavail: res.bfree + 1 })),
  },
];
