import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { parse, TomlError } from 'smol-toml';
import { z } from 'zod';
import { ConfigError } from '../common/config-error.ts';
import { parseEndpoint } from '../common/endpoint.ts';
import type { LogLevel } from '../common/log.ts';
import type { ClusterConfig, CoordinatorConfig, PackageConfig } from './config.ts';
import { check } from './config-checks.ts';
import { Problems } from './config-problems.ts';
import { type ClusterFile, fileSchema, type PackageFile } from './config-schema.ts';
import { syntaxProblem } from './config-syntax.ts';

const NFS_PORT = 2049;
const LEASE_SECONDS = 3;
/** As lockd's. */
const GRACE_SECONDS = 90;
const RESTARTS = { count: 3, period: 300 };

/** What the command line says; it beats the file. */
export interface ClusterFlags {
  /** This node's name. */
  readonly node?: string | undefined;
  readonly logLevel?: LogLevel | undefined;
}

/** Reads a cluster's file. Throws {@link ConfigError}, with a line for each mistake. */
export function readClusterConfig(path: string, flags: ClusterFlags = {}): ClusterConfig {
  return parseClusterConfig(readText(path), path, flags);
}

/**
 * The folder of the node daemon's sockets, by a file that may otherwise have mistakes: whoever asks a running daemon is not
 * to be kept from it. Throws {@link ConfigError}.
 */
export function readRunDirectory(path: string): string {
  const parsed = z
    .object({ run: z.string().optional(), cluster: z.string() })
    .safeParse(parseToml(readText(path), path));
  if (!parsed.success) throw new ConfigError(`${path}: cluster: is missing; write for example cluster = "files"`);
  const { run, cluster } = parsed.data;
  return run ?? defaultRunDirectory(cluster);
}

function defaultRunDirectory(cluster: string): string {
  return `/run/steadfs/${cluster}`;
}

/** @param file its name, for messages. Throws {@link ConfigError}, with a line for each mistake. */
export function parseClusterConfig(text: string, file: string, flags: ClusterFlags = {}): ClusterConfig {
  const table = parseToml(text, file);
  const problems = new Problems(file, text, table);
  const parsed = fileSchema.safeParse(table);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) problems.addIssue(issue);
    problems.end();
    throw new ConfigError(`${file}: ${parsed.error.message}`);
  }
  const { data } = parsed;
  check(data, problems);
  const node = ownName(data, flags, problems);
  const http = endpointOf(data, problems);
  problems.end();
  const { count = RESTARTS.count, period = RESTARTS.period } = data.restarts ?? {};
  return {
    cluster: data.cluster,
    node,
    runDirectory: data.run ?? defaultRunDirectory(data.cluster),
    coordinator: coordinatorOf(data),
    leaseMilliseconds: (data.lease ?? LEASE_SECONDS) * 1000,
    nodes: data.node.map(({ name, interfaces, fence }) => ({ name, interfaces, fence })),
    packages: data.package.map((item, index) => packageOf(data, item, index)),
    http,
    restarts: { count, periodMilliseconds: period * 1000 },
    logLevel: flags.logLevel ?? data.log_level ?? 'info',
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`${path}: cannot be read: ${(error as Error).message}`);
  }
}

function parseToml(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    throw new ConfigError(`${file}:${error.line}:${error.column}: ${syntaxProblem(text, error)}`);
  }
}

/** The name that was given, or else the host's, with or without its domain. */
function ownName(file: ClusterFile, flags: ClusterFlags, problems: Problems): string {
  const names = file.node.map(({ name }) => name);
  const given = flags.node ?? file.self;
  const host = hostname();
  const own = given ?? [host, host.split('.')[0]].find((name) => name !== undefined && names.includes(name));
  if (own !== undefined && names.includes(own)) return own;
  const what = given === undefined ? `this host's name "${host}" is` : `"${given}" is`;
  const remedy = `write self = "${names[0]}", or say --node ${names[0]}`;
  problems.add(['self'], `${what} not among the nodes ${names.join(', ')}; ${remedy}`);
  return host;
}

function endpointOf({ http }: ClusterFile, problems: Problems): ClusterConfig['http'] {
  if (http === undefined) return undefined;
  try {
    return parseEndpoint(http, 'http');
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.add(['http'], error.message.replace(/^http: /, ''));
    return undefined;
  }
}

function coordinatorOf({ coordinator }: ClusterFile): CoordinatorConfig {
  if (coordinator.type === 'shared-dir') return coordinator;
  const { type, endpoints, ca, certificate, key, user, password_file: passwordFile } = coordinator;
  return { type, endpoints, ca, certificate, key, user, passwordFile };
}

function packageOf(file: ClusterFile, item: PackageFile, index: number): PackageConfig {
  const { storage } = item;
  return {
    name: item.name,
    nodes:
      item.nodes ??
      rotated(
        file.node.map(({ name }) => name),
        index,
      ),
    addresses: item.addresses.map((text) => {
      const [address = '', prefix] = text.split('/');
      return { address, prefix: Number(prefix) };
    }),
    port: item.port ?? NFS_PORT,
    portmap: item.portmap ?? true,
    paths: item.paths ?? [],
    options: item.options ?? 'rw,sync,root_squash',
    // The networks that the service addresses are on.
    allow: item.allow ?? item.addresses,
    exportsFile: item.exports,
    stateDirectory: item.state,
    storage:
      storage === undefined
        ? undefined
        : {
            device: storage.device,
            path: storage.path,
            fsType: storage.type ?? 'auto',
            options: storage.options ?? 'defaults',
          },
    failback: item.failback ?? 'manual',
    graceSeconds: item.grace ?? GRACE_SECONDS,
    setQuota: item.set_quota ?? false,
    names: item.names ?? [],
  };
}

/** Packages that name no nodes each begin with another one, so that all nodes work. */
function rotated(names: readonly string[], by: number): string[] {
  return names.map((_, index) => names[(index + by) % names.length] ?? '');
}
