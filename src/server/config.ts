import { readFileSync } from 'node:fs';
import { isIP, isIPv4 } from 'node:net';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { z } from 'zod';
import { ConfigError } from '../common/config-error.ts';
import { parseEndpoint } from '../common/endpoint.ts';
import { LOG_LEVELS } from './log.ts';

export { ConfigError, parseEndpoint };

const port = z.int().min(0).max(65_535);

const fileSchema = z
  .strictObject({
    paths: z.array(z.string()),
    exports: z.string(),
    listen: z.union([z.string(), z.array(z.string()).min(1)]),
    port,
    portmap: z.enum(['auto', 'on', 'off']),
    state: z.string(),
    grace: z.number().min(0).max(3600),
    allow: z.array(z.string()).min(1),
    options: z.string(),
    metrics: z.string(),
    log_level: z.enum(LOG_LEVELS),
    set_quota: z.boolean(),
    json: z.boolean(),
  })
  .partial();

/** What `steadfs serve` runs by. Described for users in docs/configuration.md. */
export interface ServeConfig {
  /** Folders exported with {@link options} to {@link allow}; absolute. */
  readonly paths: readonly string[];
  /** exports(5) file; absolute. */
  readonly exportsFile: string | undefined;
  /** Addresses to listen on. */
  readonly listen: readonly string[];
  /** TCP and UDP port of every program; 0 takes a free one. */
  readonly port: number;
  readonly portmap: 'auto' | 'on' | 'off';
  /** Folder of the durable state; absolute. */
  readonly stateDirectory: string;
  /** How long clients may reclaim locks that were lost here before others get new ones; at most. */
  readonly graceSeconds: number;
  /** True to lose all locks at the start, and have the clients reclaim them. */
  readonly forgetLocks: boolean;
  /** Hosts for `paths`, as in exports(5); undefined: the networks that the listen addresses are on. */
  readonly allow: readonly string[] | undefined;
  /** Export options for `paths`, as in exports(5). */
  readonly options: string;
  readonly metrics: { readonly host: string; readonly port: number } | undefined;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** True if a client's root may set quotas. */
  readonly setQuota: boolean;
  readonly json: boolean;
}

/** Settings as the command line gives them; what is undefined comes from the file, or is the default. */
export interface ServeFlags {
  readonly paths: readonly string[];
  readonly exports?: string | undefined;
  readonly listen?: readonly string[] | undefined;
  readonly port?: number | undefined;
  readonly portmap?: 'auto' | 'on' | 'off' | undefined;
  readonly state?: string | undefined;
  readonly grace?: number | undefined;
  readonly forgetLocks?: boolean | undefined;
  readonly allow?: readonly string[] | undefined;
  readonly options?: string | undefined;
  readonly metrics?: string | undefined;
  readonly config?: string | undefined;
  readonly logLevel?: (typeof LOG_LEVELS)[number] | undefined;
  readonly setQuota?: boolean | undefined;
  readonly json?: boolean | undefined;
}

export const NFS_PORT = 2049;
/** As lockd's. */
const GRACE_SECONDS = 90;
const LOOPBACK = ['127.0.0.1', '::1'];
const EVERYWHERE = ['::'];

/** Puts file, flags and defaults together; a flag beats the file. Throws {@link ConfigError}. */
export function serveConfig(flags: ServeFlags): ServeConfig {
  const file = flags.config === undefined ? {} : readConfigFile(flags.config);
  const paths = (flags.paths.length > 0 ? flags.paths : (file.paths ?? [])).map((path) => resolve(path));
  const exportsFile = flags.exports ?? file.exports;
  if (paths.length === 0 && exportsFile === undefined) {
    throw new ConfigError(
      'nothing to serve: name a folder (steadfs serve /srv/data) or an exports file (--exports FILE)',
    );
  }
  const fromFile = typeof file.listen === 'string' ? [file.listen] : file.listen;
  const metrics = flags.metrics ?? file.metrics;
  return {
    paths,
    exportsFile: exportsFile === undefined ? undefined : resolve(exportsFile),
    // Folders named on the command line are for this machine, unless an address says otherwise.
    listen: addressesOf(flags.listen ?? fromFile ?? (exportsFile === undefined ? LOOPBACK : EVERYWHERE)),
    port: flags.port ?? file.port ?? NFS_PORT,
    portmap: flags.portmap ?? file.portmap ?? 'auto',
    stateDirectory: resolve(flags.state ?? file.state ?? defaultStateDirectory()),
    graceSeconds: flags.grace ?? file.grace ?? GRACE_SECONDS,
    forgetLocks: flags.forgetLocks ?? false,
    allow: flags.allow ?? file.allow,
    options: flags.options ?? file.options ?? 'rw,sync,root_squash',
    metrics: metrics === undefined ? undefined : parseEndpoint(metrics, 'metrics'),
    logLevel: flags.logLevel ?? file.log_level ?? 'info',
    setQuota: flags.setQuota ?? file.set_quota ?? false,
    json: flags.json ?? file.json ?? false,
  };
}

/** Addresses to bind, each once, and none that a wider one takes already: `::` has those of IPv4 too. */
function addressesOf(listen: readonly string[]): string[] {
  const wrong = listen.length === 0 ? '' : listen.find((address) => isIP(address) === 0);
  if (wrong !== undefined) {
    // Not a name: clients are told this address by the port mapper.
    throw new ConfigError(`listen: "${wrong}" is not an address; write one as 10.0.0.5 or fd00::5`);
  }
  if (listen.includes('::')) return ['::'];
  const isTaken = (address: string) => isIPv4(address) && address !== '0.0.0.0' && listen.includes('0.0.0.0');
  return [...new Set(listen)].filter((address) => !isTaken(address));
}

function readConfigFile(path: string): z.infer<typeof fileSchema> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`${path}: cannot be read: ${(error as Error).message}`);
  }
  let table: unknown;
  try {
    table = parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what = ''] = error.message.split('\n');
    throw new ConfigError(`${path}:${error.line}:${error.column}: ${what}`);
  }
  const parsed = fileSchema.safeParse(table);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => `${path}: ${describe(issue)}`);
  throw new ConfigError(problems.join('\n'));
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(fileSchema.shape).join(', ');
    return `unknown setting ${issue.keys.map((key) => `"${key}"`).join(', ')}; the settings are ${known}`;
  }
  return `${issue.path.join('.')}: ${issue.message}`;
}

/** Where the state is kept unless told: a system folder for root, the user's own otherwise. */
export function defaultStateDirectory(): string {
  if (process.getuid?.() === 0) return '/var/lib/steadfs';
  const { XDG_STATE_HOME } = process.env;
  const base =
    XDG_STATE_HOME !== undefined && isAbsolute(XDG_STATE_HOME) ? XDG_STATE_HOME : join(homedir(), '.local/state');
  return join(base, 'steadfs');
}
