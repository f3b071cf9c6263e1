import type { AnyProcedure, ProgramVersion } from '../../../src/rpc/index.ts';
import { type Fault, onArguments, onResult, onRow } from './fault.ts';

const old = (procedure: string) => ({ program: 100_005, version: 1, procedure: `MOUNTPROC_${procedure}` });
const newer = (procedure: string) => ({ program: 100_005, version: 3, procedure: `MOUNTPROC3_${procedure}` });
const EXPORT_AND_BELOW = /^(.*?\/export)\/.*$/s;
const NOENT = 2;
const IO = 5;

/** Faults of MOUNT. */
export const MOUNT_FAULTS: readonly Fault[] = [
  {
    name: 'mnt-root-for-all-below',
    breaks: "MNT gives the export's root for every path below it",
    caughtBy: ['MOUNTv3/MNT/below', 'MOUNTv3/MNT/missing', 'MOUNTv3/MNT/dot-dot-out', 'MOUNTv3/MNT/symlink-out'],
    ...onArguments(newer('MNT'), (path: Buffer) =>
      Buffer.from(path.toString('latin1').replace(EXPORT_AND_BELOW, '$1'), 'latin1'),
    ),
  },
  {
    name: 'mnt-cut-at-nul',
    breaks: 'MNT cuts a path at its NUL byte',
    caughtBy: ['MOUNTv3/MNT/nul'],
    ...onArguments(newer('MNT'), (path: Buffer) => (path.includes(0) ? path.subarray(0, path.indexOf(0)) : path)),
  },
  {
    name: 'mnt-noent-as-io',
    breaks: 'MNT answers MNT3ERR_IO for a missing directory',
    caughtBy: ['MOUNTv3/MNT/missing'],
    ...onResult(newer('MNT'), (res) => (res.status === NOENT ? { ...res, status: IO } : res)),
  },
  {
    name: 'mnt1-noent-as-io',
    breaks: 'MNT of version 1 answers EIO for a missing directory',
    caughtBy: ['MOUNTv1/MNT/missing'],
    ...onResult(old('MNT'), (res) => (res.status === NOENT ? { ...res, status: IO } : res)),
  },
  {
    name: 'mnt1-handle-of-nothing',
    breaks: 'MNT of version 1 gives a handle that NFSv2 does not know',
    caughtBy: ['MOUNTv1/MNT/export'],
    ...onResult(old('MNT'), (res) => (res.status === 0 ? { ...res, directory: Buffer.alloc(32, 7) } : res)),
  },
  {
    name: 'mnt-trailing-slash',
    breaks: 'MNT does not know a path with a slash at its end',
    caughtBy: ['MOUNTv3/MNT/trailing-slash'],
    ...onArguments(newer('MNT'), (path: Buffer) => (path.at(-1) === 0x2f ? Buffer.from('/nobody') : path)),
  },
  {
    name: 'mnt-no-flavors',
    breaks: 'MNT tells no flavors',
    caughtBy: ['MOUNTv3/MNT/flavors-told'],
    ...onResult(newer('MNT'), (res) => (res.status === 0 ? { ...res, auth_flavors: [] } : res)),
  },
  {
    name: 'mnt-none-first',
    breaks: 'MNT tells AUTH_NONE before AUTH_SYS',
    caughtBy: ['MOUNTv3/MNT/flavors-best-first'],
    ...onResult(newer('MNT'), (res) => (res.status === 0 ? { ...res, auth_flavors: [0, 1] } : res)),
  },
  {
    name: 'dump-every-line-twice',
    breaks: 'DUMP tells every line twice',
    caughtBy: ['MOUNTv3/DUMP/mount-is-listed'],
    ...onResult(newer('DUMP'), (list) => [...list, ...list]),
  },
  {
    name: 'dump-of-one-version',
    breaks: 'DUMP of version 1 has a table of its own',
    caughtBy: ['MOUNTv3/DUMP/one-table'],
    ...onResult(old('DUMP'), () => []),
  },
  {
    name: 'umnt-does-nothing',
    breaks: 'UMNT takes nothing away',
    caughtBy: ['MOUNTv3/UMNT/takes-the-line', 'MOUNTv3/UMNT/twice', 'MOUNTv3/UMNT/udp'],
    ...onArguments(newer('UMNT'), () => Buffer.from('/nobody')),
  },
  {
    name: 'umnt-takes-all',
    breaks: "UMNT takes all of the caller's lines away",
    caughtBy: ['MOUNTv3/UMNT/takes-the-line'],
    programs: (programs) =>
      programs.map((each): ProgramVersion => {
        const row = (name: string) => each.procedures.find((found) => found.name === name);
        const [one, all] = [row('MOUNTPROC3_UMNT'), row('MOUNTPROC3_UMNTALL')];
        if (one === undefined || all === undefined) return each;
        const broken: AnyProcedure = { ...one, handle: (_path, call) => all.handle(undefined, call) };
        return { ...each, procedures: each.procedures.map((found) => (found === one ? broken : found)) };
      }),
  },
  {
    name: 'umntall-does-nothing',
    breaks: 'UMNTALL takes nothing away',
    caughtBy: ['MOUNTv3/UMNTALL/takes-all'],
    ...onRow(newer('UMNTALL'), (row) => ({ ...row, handle: () => undefined })),
  },
  {
    name: 'export-leaves-out',
    breaks: 'EXPORT leaves out the first export',
    caughtBy: ['MOUNTv3/EXPORT/lists'],
    ...onResult(newer('EXPORT'), (list) => list.slice(1)),
  },
  {
    name: 'export-relative',
    breaks: 'EXPORT tells paths without their first slash',
    caughtBy: ['MOUNTv3/EXPORT/paths'],
    ...onResult(newer('EXPORT'), (list) =>
      list.map(({ ex_dir, ...rest }: { ex_dir: Buffer }) => ({ ...rest, ex_dir: ex_dir.subarray(1) })),
    ),
  },
  {
    name: 'exportall-tells-nothing',
    breaks: 'EXPORTALL tells nothing',
    caughtBy: ['MOUNTv1/EXPORTALL/as-export'],
    ...onResult(old('EXPORTALL'), () => []),
  },
];
