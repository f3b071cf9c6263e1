import { dirname } from 'node:path';
import { parseAddress } from '../exports/address.ts';
import { parseHost } from '../exports/host.ts';
import { applyOption, DEFAULT_OPTIONS } from '../exports/options.ts';
import { addressProblem, isAlone } from './config-addresses.ts';
import type { SettingPath } from './config-lines.ts';
import type { Problems } from './config-problems.ts';
import type { ClusterFile, PackageFile } from './config-schema.ts';

const NAME = /^[a-z0-9-]{1,40}$/;
const NODE_NAME = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/i;
/** IFNAMSIZ without its NUL; the kernel forbids slashes and spaces. */
const INTERFACE = /^[^\s/]{1,15}$/;
/** `sun_path` of unix(7), less a NUL and `/NAME/admin.sock` with the longest name. */
export const MAX_RUN_PATH = 107 - 52;

const PORTMAP_PORT = 111;

/** Checks what the schema cannot: forms of names and addresses, and settings against each other. */
export function check(file: ClusterFile, problems: Problems): void {
  if (!NAME.test(file.cluster)) problems.add(['cluster'], `"${file.cluster}" ${NAME_REMEDY}`);
  if (file.run !== undefined && file.run.length > MAX_RUN_PATH) {
    problems.add(['run'], `is too long for the sockets in it; write a path of at most ${MAX_RUN_PATH} letters`);
  }
  checkNodes(file, problems);
  checkCoordinator(file, problems);
  for (const [index, item] of file.package.entries()) checkPackage(file, item, ['package', index], problems);
  checkPaths(file, problems);
  unique(file.package, problems, 'package', ({ name }) => [{ key: 'name', value: name }]);
  unique(file.package, problems, 'package', ({ state }) => [{ key: 'state', value: plain(state) }]);
  unique(file.package, problems, 'package', ({ addresses }) =>
    addresses.map((text) => ({ key: 'addresses', value: canonical(text) })),
  );
  unique(file.package, problems, 'package', ({ storage }) =>
    storage === undefined ? [] : [{ key: 'storage', value: plain(storage.path) }],
  );
}

const NAME_REMEDY = 'is no name here; write 1 to 40 of the characters a-z, 0-9 and -';

function checkNodes(file: ClusterFile, problems: Problems): void {
  for (const [index, { name, interfaces }] of file.node.entries()) {
    if (!NODE_NAME.test(name))
      problems.add(['node', index, 'name'], `"${name}" is no host name; write for example "a"`);
    for (const each of interfaces) {
      if (!INTERFACE.test(each)) problems.add(['node', index, 'interfaces'], `"${each}" is no name of an interface`);
    }
    if (new Set(interfaces).size < interfaces.length) {
      problems.add(['node', index, 'interfaces'], 'names an interface twice; name each once');
    }
  }
  unique(file.node, problems, 'node', ({ name }) => [{ key: 'name', value: name }]);
}

function checkCoordinator({ coordinator }: ClusterFile, problems: Problems): void {
  if (coordinator.type !== 'etcd') return;
  const { endpoints, ca, certificate, key, user, password_file } = coordinator;
  for (const endpoint of endpoints) {
    if (!/^https?:\/\/(\[[0-9a-f:]+\]|[\w.-]+)(:\d{1,5})?$/i.test(endpoint)) {
      problems.add(
        ['coordinator', 'endpoints'],
        `"${endpoint}" is not http:// or https:// with host and port; write for example "https://10.0.0.1:2379"`,
      );
    }
  }
  if ((certificate === undefined) !== (key === undefined)) {
    problems.add(
      ['coordinator', certificate === undefined ? 'key' : 'certificate'],
      'certificate and key go together; write both, or neither',
    );
  }
  if ((user === undefined) !== (password_file === undefined)) {
    problems.add(
      ['coordinator', user === undefined ? 'password_file' : 'user'],
      'user and password_file go together; write both, or neither',
    );
  }
  if ((ca ?? certificate) !== undefined && endpoints.some((endpoint) => endpoint.startsWith('http:'))) {
    problems.add(
      ['coordinator', 'endpoints'],
      'certificates are for https://, and not all endpoints are; write https:// for all of them',
    );
  }
}

function checkPackage(file: ClusterFile, item: PackageFile, path: SettingPath, problems: Problems): void {
  const at = (key: string, message: string) => problems.add([...path, key], message);
  if (!NAME.test(item.name)) at('name', `"${item.name}" ${NAME_REMEDY}`);
  const known = file.node.map(({ name }) => name);
  for (const name of item.nodes ?? []) {
    if (!known.includes(name)) at('nodes', `there is no node "${name}"; the nodes are ${known.join(', ')}`);
  }
  if (new Set(item.nodes).size < (item.nodes?.length ?? 0)) at('nodes', 'names a node twice; name each once');
  for (const text of item.addresses) {
    const problem = addressProblem(text);
    if (problem !== undefined) at('addresses', problem);
  }
  if (item.paths !== undefined && item.allow === undefined && item.addresses.every(isAlone)) {
    at(
      'addresses',
      `"${item.addresses[0]}" is alone in its network, so nobody could mount; write the length of the clients' network, or allow = ["10.0.0.0/24"]`,
    );
  }
  if (item.port === PORTMAP_PORT && item.portmap !== false) {
    at('port', `${PORTMAP_PORT} is where the port mapper answers; write another one, or portmap = false`);
  }
  if (item.paths === undefined && item.exports === undefined) {
    problems.add(path, 'exports nothing; write paths = ["/srv/data"], or exports = "/etc/steadfs/data.exports"');
  }
  for (const key of ['options', 'allow'] as const) {
    if (item[key] !== undefined && item.paths === undefined) {
      at(key, 'is for paths, of which there are none; hosts and options of an exports file are in that file');
    }
  }
  for (const option of item.options?.split(',') ?? []) {
    const applied = applyOption(option.trim(), DEFAULT_OPTIONS);
    if (typeof applied === 'string') at('options', applied);
  }
  for (const text of item.allow ?? []) {
    const host = parseHost(text);
    if (typeof host === 'string') at('allow', host);
  }
  if (item.storage !== undefined) checkStorage(file, item.storage, [...path, 'storage'], problems);
}

function checkStorage(
  { coordinator }: ClusterFile,
  { device, path: mountPoint }: NonNullable<PackageFile['storage']>,
  path: SettingPath,
  problems: Problems,
): void {
  const at = (key: string, message: string) => problems.add([...path, key], message);
  if (!/^(\/|[A-Z]+=)/.test(device)) {
    at('device', `"${device}" is no device; write for example "/dev/mapper/data" or "UUID=..."`);
  }
  if (coordinator.type === 'shared-dir' && isWithin(plain(coordinator.path), plain(mountPoint))) {
    problems.add(
      ['coordinator', 'path'],
      `lies on "${mountPoint}", which one node alone mounts at a time: nodes cannot agree there; write a folder that all see, or use etcd`,
    );
  }
}

/** What is in an export can be read, and written, by clients. */
function checkPaths({ coordinator, package: packages }: ClusterFile, problems: Problems): void {
  for (const [index, { name, paths = [], state }] of packages.entries()) {
    const path = ['package', index, 'paths'];
    for (const exported of paths.map(plain)) {
      if (coordinator.type === 'shared-dir' && isWithin(plain(coordinator.path), exported)) {
        problems.add(
          ['coordinator', 'path'],
          `lies in "${exported}", which ${name} exports: clients could take leases; write a folder outside`,
        );
      }
      const inside = packages.find((other) => isWithin(plain(other.state), exported));
      if (inside !== undefined) {
        problems.add(
          path,
          `the state of ${inside.name} lies in "${exported}": clients could read its secrets; write a state outside, such as "${dirname(exported)}/state"`,
        );
      }
    }
    if (paths.some((exported) => isWithin(plain(exported), plain(state)))) {
      problems.add(path, `lie in the package's own state "${state}"; export other folders`);
    }
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? folder : `${folder}/`);
}

/** Without repeated and trailing slashes. */
function plain(path: string): string {
  return path.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
}

/** An address in the one form that it has, without its prefix. */
function canonical(text: string): string {
  const [address = ''] = text.split('/');
  const parsed = parseAddress(address);
  return parsed === undefined ? address : `${parsed.family} ${parsed.value}`;
}

function unique<T>(
  items: readonly T[],
  problems: Problems,
  table: string,
  valuesOf: (item: T) => readonly { readonly key: string; readonly value: string }[],
): void {
  const owners = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    for (const { key, value } of valuesOf(item)) {
      const owner = owners.get(value);
      owners.set(value, index);
      if (owner === undefined) continue;
      const where = owner === index ? 'the same is there already' : `${table} number ${owner + 1} has the same`;
      problems.add([table, index, key], `${where}; each needs its own`);
    }
  }
}
