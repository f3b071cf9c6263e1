import { z } from 'zod';
import { LOG_LEVELS } from '../common/log.ts';
import type { SettingPath } from './config-lines.ts';

const text = z.string().min(1);
const texts = z.array(text).min(1);
const absolute = z.string().startsWith('/');
const port = z.int().min(1).max(65_535);

const node = z.strictObject({
  name: text,
  interfaces: texts,
  fence: texts.optional(),
});

const storage = z.strictObject({
  device: text,
  path: absolute,
  type: text.optional(),
  options: text.optional(),
});

const servedPackage = z.strictObject({
  name: text,
  nodes: texts.optional(),
  addresses: texts,
  port: port.optional(),
  portmap: z.boolean().optional(),
  paths: z.array(absolute).min(1).optional(),
  options: text.optional(),
  allow: texts.optional(),
  exports: absolute.optional(),
  state: absolute,
  failback: z.enum(['manual', 'automatic']).optional(),
  grace: z.number().min(0).max(3600).optional(),
  set_quota: z.boolean().optional(),
  names: texts.optional(),
  storage: storage.optional(),
});

const sharedDir = z.strictObject({ type: z.literal('shared-dir'), path: absolute });

const etcd = z.strictObject({
  type: z.literal('etcd'),
  endpoints: texts,
  ca: absolute.optional(),
  certificate: absolute.optional(),
  key: absolute.optional(),
  user: text.optional(),
  password_file: absolute.optional(),
});

/** A cluster's file, as far as each setting can be judged alone. */
export const fileSchema = z.strictObject({
  cluster: text,
  self: text.optional(),
  run: absolute.optional(),
  lease: z.number().min(1).max(60).optional(),
  http: text.optional(),
  log_level: z.enum(LOG_LEVELS).optional(),
  coordinator: z.discriminatedUnion('type', [sharedDir, etcd]),
  node: z.array(node).min(1),
  package: z.array(servedPackage).min(1),
  restarts: z
    .strictObject({ count: z.int().min(0).max(100).optional(), period: z.number().min(1).max(86_400).optional() })
    .optional(),
});

export type ClusterFile = z.infer<typeof fileSchema>;
export type PackageFile = ClusterFile['package'][number];

/** The keys that a table may have, by the table's place. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(fileSchema.shape),
  node: Object.keys(node.shape),
  package: Object.keys(servedPackage.shape),
  'package.storage': Object.keys(storage.shape),
  'coordinator of type shared-dir': Object.keys(sharedDir.shape),
  'coordinator of type etcd': Object.keys(etcd.shape),
  restarts: ['count', 'period'],
};

/** What to write, by the setting's place. */
const EXAMPLES: Readonly<Record<string, string>> = {
  cluster: 'cluster = "files"',
  self: 'self = "a", the name of one of the nodes',
  run: 'run = "/run/steadfs"',
  lease: 'lease = 3, in seconds from 1 to 60',
  http: 'http = "0.0.0.0:9091"',
  log_level: `log_level = "info"; the levels are ${LOG_LEVELS.join(', ')}`,
  coordinator: '[coordinator] with type = "shared-dir" and path = "/srv/shared/cluster"',
  'coordinator.type': 'type = "shared-dir" or type = "etcd"',
  'coordinator.path': 'path = "/srv/shared/cluster", a folder that all nodes see',
  'coordinator.endpoints': 'endpoints = ["https://10.0.0.1:2379"]',
  'coordinator.ca': 'ca = "/etc/steadfs/ca.pem"',
  'coordinator.certificate': 'certificate = "/etc/steadfs/node.pem"',
  'coordinator.key': 'key = "/etc/steadfs/node.key"',
  'coordinator.user': 'user = "steadfs"',
  'coordinator.password_file': 'password_file = "/etc/steadfs/password"',
  node: '[[node]] with name = "a" and interfaces = ["eth0"]',
  'node.name': 'name = "a"',
  'node.interfaces': 'interfaces = ["eth0"], those of the clients\' network, the most wanted first',
  'node.fence': 'fence = ["/usr/sbin/fence_ipmilan", "--action=off", ...], the command with its arguments',
  package: '[[package]] with name, addresses, paths and state',
  'package.name': 'name = "data"',
  'package.nodes': 'nodes = ["a", "b"], the most wanted first',
  'package.addresses': 'addresses = ["10.0.0.50/24"]',
  'package.port': 'port = 2049, from 1 to 65535',
  'package.portmap': 'portmap = true',
  'package.paths': 'paths = ["/srv/data"], absolute',
  'package.options': 'options = "rw,sync,root_squash"',
  'package.allow': 'allow = ["10.0.0.0/24"]',
  'package.exports': 'exports = "/etc/steadfs/data.exports", absolute',
  'package.state': 'state = "/srv/shared/state/data", an absolute path on the storage that moves with the package',
  'package.failback': 'failback = "manual" or failback = "automatic"',
  'package.grace': 'grace = 90, in seconds from 0 to 3600',
  'package.set_quota': 'set_quota = true or set_quota = false',
  'package.names': 'names = ["files.example.org"]',
  'package.storage': '[package.storage] with device and path',
  'package.storage.device': 'device = "/dev/mapper/data", or device = "UUID=..."',
  'package.storage.path': 'path = "/srv/data", absolute',
  'package.storage.type': 'type = "ext4"',
  'package.storage.options': 'options = "noatime"',
  restarts: '[restarts] with count and period',
  'restarts.count': 'count = 3, from 0 to 100',
  'restarts.period': 'period = 300, in seconds from 1 to 86400',
};

/** What may be written there, as an example; undefined for a setting that does not exist. */
export function exampleOf(path: SettingPath): string | undefined {
  return EXAMPLES[placeOf(path)];
}

/** The keys of the table at `path`; `type` is the coordinator's. */
export function keysOf(path: SettingPath, type: unknown): readonly string[] {
  const place = placeOf(path);
  return KEYS[place === 'coordinator' ? `coordinator of type ${type}` : place] ?? [];
}

/** The settings' place in any file: without the numbers of its arrays. */
function placeOf(path: SettingPath): string {
  return path.filter((part) => typeof part === 'string').join('.');
}
