import { nearest } from './suggest.ts';

/** What exports(5) lets an export's line say for a host. */
export interface ExportOptions {
  readonly readOnly: boolean;
  /** Changes are on stable storage before they are answered. */
  readonly sync: boolean;
  readonly rootSquash: boolean;
  readonly allSquash: boolean;
  readonly anonUid: number;
  readonly anonGid: number;
  /** Calls must come from a port below 1024. */
  readonly secure: boolean;
  /** File systems mounted below are reached through this export. */
  readonly crossMount: boolean;
  /** This file system is reached through the export that it is mounted below. */
  readonly noHide: boolean;
}

/** The defaults of exports(5). */
export const DEFAULT_OPTIONS: ExportOptions = {
  readOnly: true,
  sync: true,
  rootSquash: true,
  allSquash: false,
  anonUid: 65534,
  anonGid: 65534,
  secure: true,
  crossMount: false,
  noHide: false,
};

/** Options as they are being read: those of a host, and those that hold for the path whoever asks. */
export interface OptionSet extends ExportOptions {
  readonly fsid?: bigint;
  /** What must be a mount point for the export to be served; '' is the exported path itself. */
  readonly mountPoint?: string;
}

const FLAGS: ReadonlyMap<string, Partial<ExportOptions>> = new Map<string, Partial<ExportOptions>>([
  ['ro', { readOnly: true }],
  ['rw', { readOnly: false }],
  ['sync', { sync: true }],
  ['async', { sync: false }],
  ['root_squash', { rootSquash: true }],
  ['no_root_squash', { rootSquash: false }],
  ['all_squash', { allSquash: true }],
  ['no_all_squash', { allSquash: false }],
  ['secure', { secure: true }],
  ['insecure', { secure: false }],
  ['crossmnt', { crossMount: true }],
  ['nocrossmnt', { crossMount: false }],
  ['nohide', { noHide: true }],
  ['hide', { noHide: false }],
]);

/**
 * Options that ask for what is so anyway, or for what only another server has: subtree checks (handles are signed),
 * write gathering (flushes are always shared), pNFS and security labels (NFSv4), authenticated locks.
 */
const WITHOUT_MEANING: ReadonlySet<string> = new Set([
  ...['subtree_check', 'no_subtree_check', 'wdelay', 'no_wdelay', 'acl', 'no_acl', 'pnfs', 'no_pnfs'],
  ...['auth_nlm', 'no_auth_nlm', 'secure_locks', 'insecure_locks', 'security_label', 'no_security_label'],
]);

type Valued = (value: string, options: OptionSet) => OptionSet | string;

const VALUED: ReadonlyMap<string, Valued> = new Map<string, Valued>([
  ['anonuid', (value, options) => id('anonuid', value, (anonUid) => ({ ...options, anonUid }))],
  ['anongid', (value, options) => id('anongid', value, (anonGid) => ({ ...options, anonGid }))],
  ['fsid', readFsid],
  ['mp', readMountPoint],
  ['mountpoint', readMountPoint],
  ['sec', readSecurity],
  [
    'xprtsec',
    (value, options) =>
      value.split(':').includes('none') ? options : `TLS is not supported: "xprtsec=${value}"; write xprtsec=none`,
  ],
]);

const NAMES = [...FLAGS.keys(), ...WITHOUT_MEANING, ...VALUED.keys()];

/** Reads one option. @returns `options` with it, or what is wrong with it, in words. */
export function applyOption(option: string, options: OptionSet): OptionSet | string {
  const flag = FLAGS.get(option);
  if (flag !== undefined) return { ...options, ...flag };
  if (WITHOUT_MEANING.has(option)) return options;
  if (option === 'mp' || option === 'mountpoint') return { ...options, mountPoint: '' };
  const equals = option.indexOf('=');
  const name = equals < 0 ? option : option.slice(0, equals);
  const valued = VALUED.get(name);
  if (valued !== undefined) {
    return equals < 0 ? `option "${option}" needs a value: ${name}=...` : valued(option.slice(equals + 1), options);
  }
  if (option === '') return 'an empty option; remove the comma';
  if (equals >= 0 && (FLAGS.has(name) || WITHOUT_MEANING.has(name))) {
    return `option "${name}" takes no value; write ${name} instead of "${option}"`;
  }
  const meant = nearest(name, NAMES);
  return `unknown option "${option}"${meant === undefined ? '; see exports(5)' : `; did you mean ${meant}?`}`;
}

function id(name: string, value: string, set: (value: number) => OptionSet): OptionSet | string {
  // exports(5) has always taken negative numbers too, as the 32-bit pattern that they are: -2 is nobody.
  const number = /^-?\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
  const wrapped = number < 0 ? number + 2 ** 32 : number;
  // -1 means "leave it as it is" to the kernel: a caller with that identity would keep the server's.
  const valid = number >= -(2 ** 31) && wrapped < 2 ** 32 - 1;
  return valid ? set(wrapped) : `bad ${name} "${value}"; write a number from 0 to 4294967294`;
}

/** A number, `root` (0), or a UUID: 32 hexadecimal digits with any punctuation. */
function readFsid(value: string, options: OptionSet): OptionSet | string {
  if (value === 'root') return { ...options, fsid: 0n };
  if (/^(\d{1,10}|0x[0-9a-f]{1,8})$/i.test(value)) {
    const fsid = BigInt(value);
    if (fsid < 2n ** 32n) return { ...options, fsid };
  }
  const digits = value.replace(/[^0-9a-f]/gi, '');
  if (digits.length !== 32 || /[a-z]/i.test(value.replace(/[0-9a-f]/gi, ''))) {
    return `bad fsid "${value}"; write a number below 4294967296, root, or a UUID`;
  }
  // A handle has 8 bytes for it: both halves count, so that UUIDs that differ in one half stay apart.
  const uuid = BigInt(`0x${digits}`);
  return { ...options, fsid: (uuid >> 64n) ^ (uuid & (2n ** 64n - 1n)) };
}

function readMountPoint(value: string, options: OptionSet): OptionSet | string {
  return value.startsWith('/')
    ? { ...options, mountPoint: value }
    : `bad mount point "${value}"; write an absolute path, or mp alone for the exported path itself`;
}

/** The flavours that clients may use, from the best: `sys` is what is served. */
function readSecurity(value: string, options: OptionSet): OptionSet | string {
  for (const flavor of value.split(':')) {
    if (/^krb5[ip]?$/.test(flavor)) return `Kerberos is not supported: "sec=${value}"; write sec=sys`;
    if (flavor !== 'sys') return `unknown security flavour "${flavor}" in "sec=${value}"; write sec=sys`;
  }
  return options;
}
