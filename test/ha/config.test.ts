import assert from 'node:assert/strict';
import { hostname } from 'node:os';
import { test } from 'node:test';
import { ConfigError } from '../../src/common/config-error.ts';
import { parseClusterConfig, readClusterConfig, readRunDirectory } from '../../src/ha/config-file.ts';
import fc from '../properties.ts';

const MINIMAL = `cluster = "files"
self = "a"

[coordinator]
type = "shared-dir"
path = "/srv/shared/cluster"

[[node]]
name = "a"
interfaces = ["eth0", "eth1"]

[[node]]
name = "b"
interfaces = ["eth0"]
fence = ["/usr/sbin/fence", "b"]

[[package]]
name = "data"
addresses = ["10.0.0.50/24", "fd00::50/64"]
paths = ["/srv/data"]
state = "/srv/state/data"

[[package]]
name = "home"
addresses = ["10.0.0.51/24"]
exports = "/etc/steadfs/home.exports"
state = "/srv/state/home"
`;

const parse = (text: string, flags = {}) => parseClusterConfig(text, 'c.toml', flags);

function mistakes(text: string, flags = {}): string[] {
  try {
    parse(text, flags);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message.split('\n');
  }
  return [];
}

test('what is not said has a default', () => {
  const config = parse(MINIMAL);
  const [data, home] = config.packages;
  assert.deepEqual(
    { ...config, nodes: config.nodes.length, packages: config.packages.length },
    {
      cluster: 'files',
      node: 'a',
      runDirectory: '/run/steadfs/files',
      coordinator: { type: 'shared-dir', path: '/srv/shared/cluster' },
      leaseMilliseconds: 3000,
      nodes: 2,
      packages: 2,
      http: undefined,
      restarts: { count: 3, periodMilliseconds: 300_000 },
      logLevel: 'info',
    },
  );
  assert.deepEqual(config.nodes[0], { name: 'a', interfaces: ['eth0', 'eth1'], fence: undefined });
  assert.deepEqual(data, {
    name: 'data',
    nodes: ['a', 'b'],
    addresses: [
      { address: '10.0.0.50', prefix: 24 },
      { address: 'fd00::50', prefix: 64 },
    ],
    port: 2049,
    portmap: true,
    paths: ['/srv/data'],
    options: 'rw,sync,root_squash',
    allow: ['10.0.0.50/24', 'fd00::50/64'],
    exportsFile: undefined,
    stateDirectory: '/srv/state/data',
    storage: undefined,
    failback: 'manual',
    graceSeconds: 90,
    setQuota: false,
    names: [],
  });
  assert.deepEqual(home?.nodes, ['b', 'a'], 'packages that name no nodes begin with different ones');
  assert.equal(home?.exportsFile, '/etc/steadfs/home.exports');
});

test('everything that can be said is taken', () => {
  const text = `cluster = "files"
self = "a"
run = "/run/x"
lease = 5.5
http = "0.0.0.0:9091"
log_level = "debug"
[coordinator]
type = "etcd"
endpoints = ["https://10.0.0.1:2379", "https://[fd00::1]:2379"]
ca = "/ca.pem"
certificate = "/c.pem"
key = "/k.pem"
user = "u"
password_file = "/p"
[[node]]
name = "a"
interfaces = ["eth0"]
[[package]]
name = "data"
nodes = ["a"]
addresses = ["10.0.0.50/24"]
port = 3049
portmap = false
paths = ["/srv/data"]
options = "ro,all_squash"
allow = ["10.0.0.0/8", "*.example.org"]
state = "/srv/state"
failback = "automatic"
grace = 30
set_quota = true
names = ["files.example.org"]
[package.storage]
device = "UUID=1234"
path = "/srv"
type = "xfs"
options = "noatime"
[restarts]
count = 0
period = 60
`;
  const config = parse(text);
  assert.equal(config.leaseMilliseconds, 5500);
  assert.deepEqual(config.http, { host: '0.0.0.0', port: 9091 });
  assert.deepEqual(config.coordinator, {
    type: 'etcd',
    endpoints: ['https://10.0.0.1:2379', 'https://[fd00::1]:2379'],
    ...{ ca: '/ca.pem', certificate: '/c.pem', key: '/k.pem', user: 'u', passwordFile: '/p' },
  });
  assert.deepEqual(config.restarts, { count: 0, periodMilliseconds: 60_000 });
  const [data] = config.packages;
  assert.deepEqual(data?.storage, { device: 'UUID=1234', path: '/srv', fsType: 'xfs', options: 'noatime' });
  assert.equal(data?.failback, 'automatic');
  assert.equal(data?.graceSeconds, 30);
});

test('the node is the one that the command line names, or the file, or the one that is called like the host', () => {
  assert.equal(parse(MINIMAL, { node: 'b' }).node, 'b');
  assert.equal(parse(MINIMAL).node, 'a');
  const named = MINIMAL.replace('self = "a"\n', '').replace('name = "b"', `name = "${hostname()}"`);
  assert.equal(parse(named).node, hostname());
  assert.deepEqual(mistakes(MINIMAL, { node: 'x' }), [
    'c.toml:2: self: "x" is not among the nodes a, b; write self = "a", or say --node a',
  ]);
  assert.match(
    mistakes(MINIMAL.replace('self = "a"\n', ''))[0] ?? '',
    /^c\.toml: self: this host's name ".*" is not among/,
  );
});

/** What is put in for what, and what is said to it. */
const MISTAKES: readonly (readonly [string, string, string])[] = [
  [
    'cluster = "files"',
    'cluster = "Files!"',
    '1: cluster: "Files!" is no name here; write 1 to 40 of the characters a-z, 0-9 and -',
  ],
  ['cluster = "files"\n', '', ': cluster: is missing; write for example cluster = "files"'],
  [
    'self = "a"',
    'lease = 61\nself = "a"',
    '2: lease: 61 cannot be used; write for example lease = 3, in seconds from 1 to 60',
  ],
  ['self = "a"', 'leese = 3', '2: leese: there is no such setting; did you mean lease?'],
  ['self = "a"', 'self = "a"\nhttp = "x"', '3: http: "x" is not ADDRESS:PORT; write for example 127.0.0.1:9090'],
  ['self = "a"', 'self = "a"\nrun = "run"', '3: run: "run" cannot be used; write for example run = "/run/steadfs"'],
  [
    'self = "a"',
    `self = "a"\nrun = "/${'r'.repeat(60)}"`,
    '3: run: is too long for the sockets in it; write a path of at most 55 letters',
  ],
  [
    'type = "shared-dir"',
    'type = "raft"',
    '5: coordinator.type: "raft" cannot be used; write for example type = "shared-dir" or type = "etcd"',
  ],
  [
    'path = "/srv/shared/cluster"',
    'path = "shared"',
    '6: coordinator.path: "shared" cannot be used; write for example path = "/srv/shared/cluster", a folder that all nodes see',
  ],
  [
    'path = "/srv/shared/cluster"',
    'path = "/srv/data/c"',
    '6: coordinator.path: lies in "/srv/data", which data exports: clients could take leases; write a folder outside',
  ],
  ['name = "b"', 'name = "a"', '13: node.a.name: node number 1 has the same; each needs its own'],
  ['name = "b"', 'name = "-"', '13: node.-.name: "-" is no host name; write for example "a"'],
  [
    'interfaces = ["eth0"]',
    'interfaces = []',
    '14: node.b.interfaces: [] cannot be used; write for example interfaces = ["eth0"], those of the clients\' network, the most wanted first',
  ],
  ['interfaces = ["eth0"]', 'interfaces = ["a/b"]', '14: node.b.interfaces: "a/b" is no name of an interface'],
  ['name = "home"', 'name = "data"', '24: package.data.name: package number 1 has the same; each needs its own'],
  [
    'name = "home"',
    'name = "My home"',
    '24: package.My home.name: "My home" is no name here; write 1 to 40 of the characters a-z, 0-9 and -',
  ],
  [
    'name = "home"',
    'name = "home"\nnodes = ["a", "x"]',
    '25: package.home.nodes: there is no node "x"; the nodes are a, b',
  ],
  ['name = "home"', 'name = "home"\nnodes = ["a", "a"]', '25: package.home.nodes: names a node twice; name each once'],
  [
    '"10.0.0.51/24"',
    '"10.0.0.51"',
    '25: package.home.addresses: "10.0.0.51" lacks the length of its network; write for example "10.0.0.50/24"',
  ],
  [
    '"10.0.0.51/24"',
    '"10.0.0.51/33"',
    '25: package.home.addresses: "/33" is no length from 1 to 32; write for example "10.0.0.50/24"',
  ],
  [
    '"10.0.0.51/24"',
    '"fd00::51/129"',
    '25: package.home.addresses: "/129" is no length from 1 to 128; write for example "fd00::50/64"',
  ],
  [
    '"10.0.0.51/24"',
    '"files/24"',
    '25: package.home.addresses: "files/24" is not an IP address; write for example "10.0.0.50/24"',
  ],
  [
    '"10.0.0.51/24"',
    '"fd00:0::50/64"',
    '25: package.home.addresses: package number 1 has the same; each needs its own',
  ],
  [
    '"10.0.0.51/24"',
    '"10.0.0.51/24", "10.0.0.51/24"',
    '25: package.home.addresses: the same is there already; each needs its own',
  ],
  ...(
    [
      ['127.0.0.1/8', "is this host's own, that no client reaches", '10.0.0.50/24'],
      ['0.0.0.0/24', 'stands for no host', '10.0.0.50/24'],
      ['224.0.0.9/24', 'is for many hosts at once', '10.0.0.50/24'],
      ['10.0.1.0/24', 'is the name of its network, and no host in it', '10.0.0.50/24'],
      ['10.0.1.255/24', 'is the broadcast address of its network, and no host in it', '10.0.0.50/24'],
      ['::1/64', "is this host's own, that no client reaches", 'fd00::50/64'],
      ['fd01::/64', 'is the name of its network, and no host in it', 'fd00::50/64'],
      ['fe80::1/64', 'holds on one link only, and clients would have to name their interface with it', 'fd00::50/64'],
      ['10.0.0.51/24/24', 'is not an IP address', '10.0.0.50/24'],
    ] as const
  ).map(
    ([address, what, example]) =>
      [
        '"10.0.0.51/24"',
        `"${address}"`,
        `25: package.home.addresses: "${address}" ${what}; write for example "${example}"`,
      ] as const,
  ),
  [
    '"10.0.0.51/24"',
    '"::ffff:10.0.0.51/120"',
    '25: package.home.addresses: "::ffff:10.0.0.51/120" is IPv4 within IPv6; write it as IPv4, such as "10.0.0.50/24"',
  ],
  [
    '"10.0.0.50/24", "fd00::50/64"',
    '"10.0.0.50/32", "fd00::50/128"',
    '19: package.data.addresses: "10.0.0.50/32" is alone in its network, so nobody could mount; write the length of the clients\' network, or allow = ["10.0.0.0/24"]',
  ],
  [
    'name = "home"',
    'name = "home"\nport = 111',
    '25: package.home.port: 111 is where the port mapper answers; write another one, or portmap = false',
  ],
  [
    'interfaces = ["eth0"]',
    'interfaces = ["eth0", "eth0"]',
    '14: node.b.interfaces: names an interface twice; name each once',
  ],
  [
    'exports = "/etc/steadfs/home.exports"\n',
    '',
    '23: package.home: exports nothing; write paths = ["/srv/data"], or exports = "/etc/steadfs/data.exports"',
  ],
  [
    'exports = "/etc',
    'allow = ["*"]\nexports = "/etc',
    '26: package.home.allow: is for paths, of which there are none; hosts and options of an exports file are in that file',
  ],
  [
    'state = "/srv/state/data"',
    'state = "/srv/state/data"\noptions = "rw,snyc"',
    '22: package.data.options: unknown option "snyc"; did you mean sync?',
  ],
  [
    'state = "/srv/state/data"',
    'state = "/srv/state/data"\nallow = ["10.0.0.300"]',
    '22: package.data.allow: bad host "10.0.0.300": an IPv4 address has four numbers from 0 to 255',
  ],
  [
    'state = "/srv/state/home"',
    'state = "/srv/state/data/"',
    '27: package.home.state: package number 1 has the same; each needs its own',
  ],
  [
    'state = "/srv/state/home"',
    'state = "/srv/data/state"',
    '20: package.data.paths: the state of home lies in "/srv/data": clients could read its secrets; write a state outside, such as "/srv/state"',
  ],
  [
    'paths = ["/srv/data"]',
    'paths = ["/srv/state/data/x"]',
    `20: package.data.paths: lie in the package's own state "/srv/state/data"; export other folders`,
  ],
  [
    'state = "/srv/state/home"\n',
    '',
    '23: package.home.state: is missing; write for example state = "/srv/shared/state/data", an absolute path on the storage that moves with the package',
  ],
  [
    'state = "/srv/state/home"\n',
    'state = "/srv/state/home"\n[package.storage]\ndevice = "sdb"\npath = "/srv/home"\n',
    '29: package.home.storage.device: "sdb" is no device; write for example "/dev/mapper/data" or "UUID=..."',
  ],
  [
    'state = "/srv/state/home"\n',
    'state = "/srv/state/home"\n[package.storage]\ndevice = "/dev/sdb"\npath = "/srv/shared/"\n',
    '6: coordinator.path: lies on "/srv/shared/", which one node alone mounts at a time: nodes cannot agree there; write a folder that all see, or use etcd',
  ],
  [
    'state = "/srv/state/home"\n',
    'state = "/srv/state/home"\n[restarts]\nperiods = 3\n',
    '29: restarts.periods: there is no such setting; did you mean period?',
  ],
];

for (const [place, mistake, expected] of MISTAKES) {
  test(`a mistake is named with its line and its remedy: ${expected.slice(0, 60)}`, () => {
    assert.ok(MINIMAL.includes(place), place);
    // The last one: packages and nodes of the second place are easier to get wrong in messages.
    const at = MINIMAL.lastIndexOf(place);
    const text = MINIMAL.slice(0, at) + mistake + MINIMAL.slice(at + place.length);
    assert.deepEqual(mistakes(text), [`c.toml${expected.startsWith(':') ? '' : ':'}${expected}`]);
  });
}

const ETCD = 'type = "etcd"\nendpoints = ["https://a:2379"]';
for (const [settings, expected] of [
  ['type = "etcd"', 'coordinator.endpoints: is missing; write for example endpoints = ["https://10.0.0.1:2379"]'],
  [
    'type = "etcd"\nendpoints = ["a:2379"]',
    'coordinator.endpoints: "a:2379" is not http:// or https:// with host and port; write for example "https://10.0.0.1:2379"',
  ],
  [`${ETCD}\nkey = "/k"`, 'coordinator.key: certificate and key go together; write both, or neither'],
  [`${ETCD}\nuser = "u"`, 'coordinator.user: user and password_file go together; write both, or neither'],
  [
    `${ETCD}\npath = "/srv"`,
    'coordinator.path: there is no such setting; the settings here are type, endpoints, ca, certificate, key, user, password_file',
  ],
  [
    'type = "etcd"\nendpoints = ["http://a:2379"]\nca = "/ca"',
    'coordinator.endpoints: certificates are for https://, and not all endpoints are; write https:// for all of them',
  ],
] as const) {
  test(`etcd: ${expected}`, () => {
    const text = MINIMAL.replace('type = "shared-dir"\npath = "/srv/shared/cluster"', settings);
    const [message = ''] = mistakes(text);
    assert.equal(message.replace(/^c\.toml:\d+: /, ''), expected);
  });
}

test('all mistakes are named at once, in the order of the file', () => {
  const text = MINIMAL.replace('"10.0.0.51/24"', '"x"').replace('interfaces = ["eth0"]', 'interfaces = ["a b"]');
  assert.deepEqual(
    mistakes(text).map((line) => line.split(': ')[0]),
    ['c.toml:14', 'c.toml:25'],
  );
});

for (const [place, mistake, expected] of [
  ['cluster = "files"', 'cluster = files', '1:11: invalid value; write for example cluster = "files"'],
  [
    'cluster = "files"',
    'cluster = "files',
    '1:17: control characters are not allowed in strings; write both quotation marks on one line, such as "files"',
  ],
  ['self = "a"', 'lease = 3s', '2:10: illegal character in numeric literal; write for example lease = 3, in seconds'],
  ['self = "a"', 'x y', '2:3: illegal character in key; write for example name = "data", with quotation marks around'],
  [
    'path = "/srv/shared/cluster"',
    'path: "/srv/shared/cluster"',
    '6:5: illegal character in key; write for example path = "/srv/shared/cluster", a folder that all nodes see',
  ],
  ['name = "home"', 'name = home', '24:8: invalid value; write for example name = "data"'],
  [
    'self = "a"',
    'self = "a"\nself = "b"',
    '3:1: trying to redefine an already defined table or value; it is there already; leave one of the two out',
  ],
  [
    '"eth0", "eth1"',
    '"eth0" "eth1"',
    '10:22: expected comma or end of structure; write lists with commas and both brackets, such as ["eth0", "eth1"]',
  ],
] as const) {
  test(`a mistake in the TOML itself is named with line, column and remedy: ${mistake}`, () => {
    const [message = ''] = mistakes(MINIMAL.replace(place, mistake));
    assert.ok(message.startsWith(`c.toml:${expected}`), message);
  });
}

test('a file that cannot be read is named', () => {
  assert.throws(() => readClusterConfig('/nowhere.toml'), /^ConfigError: \/nowhere\.toml: cannot be read: ENOENT/);
  assert.throws(() => readRunDirectory('/nowhere.toml'), ConfigError);
});

test('whatever a file says, the answer is a configuration or a ConfigError', () => {
  const lines = MINIMAL.split('\n');
  const value = fc.oneof(
    fc.constantFrom('""', '1', '-1', '[]', '[1]', '{}', 'true', '["/"]', '"/"', '1979-05-27'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.nat(lines.length - 1), value, (at, text) => {
      const changed = lines.with(at, (lines[at] ?? '').replace(/=.*/, `= ${text}`)).join('\n');
      try {
        parse(changed);
      } catch (error) {
        assert.ok(error instanceof ConfigError, `${changed}\n${(error as Error).stack}`);
      }
    }),
  );
});
