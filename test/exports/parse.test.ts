import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ExportEntry, ExportsError, exportsForPaths, parseExports } from '../../src/exports/index.ts';
import { DEFAULT_OPTIONS, type ExportOptions } from '../../src/exports/options.ts';
import fc from '../properties.ts';

const FILE = '/etc/exports';
const parse = (text: string) => parseExports(text, FILE);

function only(text: string): ExportEntry {
  const { exports } = parse(text);
  assert.equal(exports.length, 1);
  return exports[0]!;
}

function hosts(entry: ExportEntry): string[] {
  return entry.rules.map(({ host }) => host.text);
}

function optionsOf(text: string): ExportOptions {
  return only(`/a h(${text})`).rules[0]!.options;
}

function problems(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof ExportsError);
    return error.message.split('\n');
  }
  return [];
}

test('a line names a path and its hosts, each with its options', () => {
  const entry = only('/srv/a  client(rw,async) 10.0.0.0/8(ro)\t*.example.org fd00::1(insecure)\n');
  assert.deepEqual([entry.path, entry.file, entry.line, entry.column], ['/srv/a', FILE, 1, 1]);
  assert.deepEqual(hosts(entry), ['client', '10.0.0.0/8', '*.example.org', 'fd00::1']);
  assert.deepEqual(
    entry.rules.map(({ host }) => host.kind),
    ['name', 'network', 'wildcard', 'address'],
  );
  assert.deepEqual(
    entry.rules.map(({ options }) => options),
    [
      { ...DEFAULT_OPTIONS, readOnly: false, sync: false },
      DEFAULT_OPTIONS,
      DEFAULT_OPTIONS,
      { ...DEFAULT_OPTIONS, secure: false },
    ],
  );
});

test('the defaults of exports(5): ro, sync, root_squash, secure, anonymous 65534', () => {
  assert.deepEqual(optionsOf(''), {
    ...{ readOnly: true, sync: true, rootSquash: true, allSquash: false, secure: true },
    ...{ anonUid: 65534, anonGid: 65534, crossMount: false, noHide: false },
  });
});

test('options with a - hold for the hosts after them on the line, and only there', () => {
  const { exports } = parse('/a one -rw,async two three(ro) -sync four\n/b five');
  const shown = exports.flatMap(({ rules }) => rules.map(({ options }) => `${options.readOnly} ${options.sync}`));
  assert.deepEqual(shown, ['true true', 'false false', 'true false', 'false true', 'true true']);
});

test('quotes, octal escapes, comments and continuations', () => {
  assert.equal(only('"/srv/with space" h').path, '/srv/with space');
  assert.equal(only('"/srv/with # sign" h').path, '/srv/with # sign');
  assert.equal(only('/srv/o\\040c h').path, '/srv/o c');
  assert.equal(only('/srv/\\303\\244 h').path, '/srv/ä');
  assert.equal(only('/srv/back\\slash h').path, '/srv/back\\slash');
  assert.deepEqual(hosts(only('# first\n/a h#comment (x\n\n')), ['h']);
  assert.deepEqual(hosts(only('/a one \\\n   two\\\n\tthree')), ['one', 'two', 'three']);
  assert.deepEqual(hosts(only('\uFEFF/a one \\\r\n two\r\n')), ['one', 'two']);
});

test('a path loses slashes that say nothing; lines of one path are one export', () => {
  assert.equal(only('/srv//a/ h').path, '/srv/a');
  assert.equal(only('/ h').path, '/');
  assert.deepEqual(hosts(only('/a one\n/a/ two')), ['one', 'two']);
});

test('a path without a host, and options without a host, are for everyone: with a warning', () => {
  for (const text of ['/a', '/a -ro', '/a (ro)']) {
    const { exports, warnings } = parse(text);
    assert.deepEqual(hosts(exports[0]!), ['*'], text);
    assert.equal(warnings.length, 1, text);
    assert.match(warnings[0]!, /^\/etc\/exports:1:\d+: .*everyone/);
  }
});

test('a space between host and options: the options are for everyone, and the warning says so', () => {
  const { exports, warnings } = parse('/a host (rw)');
  assert.deepEqual(
    exports[0]!.rules.map(({ host, options }) => [host.text, options.readOnly]),
    [
      ['host', true],
      ['*', false],
    ],
  );
  assert.deepEqual(warnings, [
    '/etc/exports:1:9: "(rw)" has no host: everyone may use /a; write * for everyone, or leave out the space between a host and its options',
  ]);
});

test('a host named twice for a path: the first counts, with a warning', () => {
  const { exports, warnings } = parse('/a h(rw)\n/a H(ro)');
  assert.deepEqual(
    exports[0]!.rules.map(({ options }) => options.readOnly),
    [false],
  );
  assert.deepEqual(warnings, ['/etc/exports:2:4: /a names "H" twice; what line 1 says counts']);
});

test('a wildcard over addresses: a warning names the network that was meant', () => {
  assert.match(parse('/a 192.168.*(ro)').warnings[0]!, /for the network write 192\.168\.0\.0\/16$/);
  assert.match(parse('/a 10.1.2.*').warnings[0]!, /10\.1\.2\.0\/24$/);
});

const FLAGS: readonly (readonly [string, Partial<ExportOptions>])[] = [
  ['rw', { readOnly: false }],
  ['rw,ro', { readOnly: true }],
  ['async', { sync: false }],
  ['async,sync', { sync: true }],
  ['no_root_squash', { rootSquash: false }],
  ['no_root_squash,root_squash', { rootSquash: true }],
  ['all_squash', { allSquash: true }],
  ['all_squash,no_all_squash', { allSquash: false }],
  ['insecure', { secure: false }],
  ['insecure,secure', { secure: true }],
  ['crossmnt', { crossMount: true }],
  ['crossmnt,nocrossmnt', { crossMount: false }],
  ['nohide', { noHide: true }],
  ['nohide,hide', { noHide: false }],
  ['anonuid=0,anongid=100', { anonUid: 0, anonGid: 100 }],
  ['anonuid=-2', { anonUid: 4294967294 }],
  ['subtree_check,no_subtree_check,wdelay,no_wdelay,pnfs,no_pnfs,acl,no_acl', {}],
  ['secure_locks,insecure_locks,auth_nlm,no_auth_nlm,security_label,sec=sys,xprtsec=none', {}],
  ['ro,', {}],
];

for (const [text, changes] of FLAGS) {
  test(`options: ${text}`, () => assert.deepEqual(optionsOf(text), { ...DEFAULT_OPTIONS, ...changes }));
}

test('fsid=: a number, root, or a UUID with any punctuation', () => {
  assert.equal(only('/a h(fsid=7)').fsid, 7n);
  assert.equal(only('/a h(fsid=0x10)').fsid, 16n);
  assert.equal(only('/a h(fsid=root)').fsid, 0n);
  const uuid = '00112233-4455-6677-8899-aabbccddeeff';
  assert.equal(only(`/a h(fsid=${uuid})`).fsid, 0x0011223344556677n ^ 0x8899aabbccddeeffn);
  assert.equal(only(`/a h(fsid=${uuid.replaceAll('-', ':')})`).fsid, only(`/a h(fsid=${uuid})`).fsid);
  assert.equal(only('/a h').fsid, undefined);
  assert.equal(only('/a h(fsid=3) k').fsid, 3n, 'one host is enough: a path has one fsid');
});

test('mp: the exported path or another must be a mount point', () => {
  assert.equal(only('/a/ h(mp)').mountPoint, '/a');
  assert.equal(only('/a h(mountpoint=/mnt/disk/)').mountPoint, '/mnt/disk');
  assert.equal(only('/a h').mountPoint, undefined);
});

const PROBLEMS: readonly (readonly [string, string])[] = [
  ['/a h(no_rootsquash)', '1:6: unknown option "no_rootsquash"; did you mean no_root_squash?'],
  ['/a h(no-root-squash)', '1:6: unknown option "no-root-squash"; did you mean no_root_squash?'],
  ['/a h(RW)', '1:6: unknown option "RW"; did you mean rw?'],
  ['/a h(ro,snyc)', '1:9: unknown option "snyc"; did you mean sync?'],
  ['/a h(quota)', '1:6: unknown option "quota"; see exports(5)'],
  ['/a h(ro,,sync)', '1:9: an empty option; remove the comma'],
  ['/a -rx h', '1:5: unknown option "rx"; did you mean ro?'],
  ['/a h(rw=1)', '1:6: option "rw" takes no value; write rw instead of "rw=1"'],
  ['/a h(anonuid)', '1:6: option "anonuid" needs a value: anonuid=...'],
  ['/a h(anonuid=-1)', '1:6: bad anonuid "-1"; write a number from 0 to 4294967294'],
  ['/a h(anongid=4294967295)', '1:6: bad anongid "4294967295"; write a number from 0 to 4294967294'],
  ['/a h(anonuid=nobody)', '1:6: bad anonuid "nobody"; write a number from 0 to 4294967294'],
  ['/a h(fsid=one)', '1:6: bad fsid "one"; write a number below 4294967296, root, or a UUID'],
  ['/a h(mp=disk)', '1:6: bad mount point "disk"; write an absolute path, or mp alone for the exported path itself'],
  ['/a h(sec=krb5p:sys)', '1:6: Kerberos is not supported: "sec=krb5p:sys"; write sec=sys'],
  ['/a h(sec=none)', '1:6: unknown security flavour "none" in "sec=none"; write sec=sys'],
  ['/a h(xprtsec=mtls)', '1:6: TLS is not supported: "xprtsec=mtls"; write xprtsec=none'],
  ['/a h(rw, sync)', '1:9: a space within options; write h(rw,sync)'],
  ['/a h(rw', '1:5: "h(rw": the options are not closed; write )'],
  ['/a h(rw)k(ro)', '1:9: "k(ro)" after the options; put a space before the next host'],
  ['/a 10.0.0.256', '1:4: bad host "10.0.0.256": an IPv4 address has four numbers from 0 to 255'],
  ['/a fd00::g', '1:4: bad host "fd00::g": not an IPv6 address'],
  ['/a under_score,x', '1:4: bad host "under_score,x": not a host name, an address, a network or a wildcard'],
  ['/a [fd00::1](rw)', '1:4: bad host "[fd00::1]": an address stands without brackets; write fd00::1'],
  ['/a\uFFFD h', '1:1: "/a\uFFFD" has bytes that are not UTF-8, and paths of exports must be'],
  ['/a h[ab', '1:4: bad host "h[ab": a "[" without its "]"'],
  ['/a gss/krb5', '1:4: Kerberos is not supported: "gss/krb5"; name the hosts, the security is sec=sys'],
  ['srv h', '1:1: "srv" is not an absolute path; a line starts with the path to export: /...'],
  ['/a/../b h', '1:1: "/a/../b" has a . or .. in it; write the path without'],
  ['/a\\000 h', '1:3: a path cannot hold a zero byte, \\000'],
  ['/a\\400 h', '1:3: "\\400" is more than a byte, \\377'],
  ['/a\\377 h', '1:3: the bytes "\\377" are not UTF-8, and paths of exports must be'],
  ['"/a h', '1:1: a quote that is not closed; write " at the end of the path'],
  ['/a h(fsid=1)\n/b h(fsid=1)', '2:1: /b has the fsid of /a; give each its own'],
  ['/a h(fsid=1) k(fsid=2)', '1:14: /a has two values of fsid='],
  ['/a h(mp) k(mp=/b)', '1:10: /a has two values of mp='],
];

for (const [text, expected] of PROBLEMS) {
  test(`refused: ${text.replaceAll('\n', ' | ')}`, () => {
    const found = problems(text);
    assert.equal(found[0], `${FILE}:${expected}`);
  });
}

test('netgroups are refused with what to write instead', () => {
  assert.match(
    problems('/a @trusted(rw)')[0]!,
    /^\/etc\/exports:1:4: netgroups are not supported: "@trusted"; .*10\.0\.0\.0\/8/,
  );
});

test('a path longer than MNTPATHLEN (RFC 1813 §5.1.1) is refused', () => {
  assert.equal(only(`/${'a'.repeat(1023)} h`).path.length, 1024);
  assert.match(problems(`/${'a'.repeat(1024)} h`)[0]!, /1025 bytes; NFS carries at most 1024/);
});

test('every problem of a file is told, in the order of the file, with line and column', () => {
  const text = '# exports\n/a h(rx) @g \\\n  k(fsid=x)\nb *\n';
  assert.deepEqual(
    problems(text).map((line) => /^\/etc\/exports:(\d+:\d+): /.exec(line)?.[1]),
    ['2:6', '2:10', '3:5', '4:1'],
  );
});

test('exportsForPaths: folders for hosts, whatever is in their names', () => {
  // The last one has blanks that are more than a byte: a no-break space, and an ideographic one.
  const folders = ['/srv/a b"#\\\t(x)', '/srv/-c', '/srv/d\u00a0e\u3000f'];
  const entries = exportsForPaths(folders, ['127.0.0.1', '::1']);
  assert.deepEqual(
    entries.map(({ path }) => path),
    folders,
  );
  for (const entry of entries) {
    assert.deepEqual(hosts(entry), ['127.0.0.1', '::1']);
    for (const { options } of entry.rules) assert.deepEqual(options, { ...DEFAULT_OPTIONS, readOnly: false });
  }
  const readOnly = (options: string) => exportsForPaths(['/srv'], ['*'], options)[0]?.rules[0]?.options.readOnly;
  assert.deepEqual(['', 'no_root_squash', 'rw', 'async,ro'].map(readOnly), [false, false, false, true]);
  assert.throws(() => exportsForPaths(['/srv'], []), RangeError);
  assert.throws(() => exportsForPaths(['/srv'], ['@g']), ExportsError);
});

test('random text is read or refused with ExportsError, never anything else', () => {
  const pieces = fc.constantFrom(
    ...['/a', '"', '\\', '\\040', '\\\n', '\n', ' ', '#', '(', ')', ',', '-', '=', '*', '@', '[', ']', 'rw', 'fsid='],
    ...['mp', 'h', '10.0.0.0/8', '::', '/', 'sec=sys', '\0', '\r', 'é', '\ud800', '\\777', 'constructor', '__proto__'],
  );
  const texts = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 40 }).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        parse(text);
      } catch (error) {
        assert.ok(error instanceof ExportsError, String(error));
        assert.ok(error.problems.length > 0);
        const lines = text.split('\n');
        for (const { line, column } of error.problems) assert.ok(column >= 1 && column <= lines[line - 1]!.length + 1);
      }
    }),
    { numRuns: 3000 },
  );
});

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}(\.[a-z]{1,4})?$/);
const host = fc.oneof(
  name,
  fc.constant('*'),
  fc.constant('*.example.org'),
  fc.ipV4(),
  fc.ipV6(),
  fc.ipV4().map((ip) => `${ip}/16`),
);
const options = fc.record({
  ...{ readOnly: fc.boolean(), sync: fc.boolean(), rootSquash: fc.boolean(), allSquash: fc.boolean() },
  ...{ secure: fc.boolean(), crossMount: fc.boolean(), noHide: fc.boolean() },
  ...{ anonUid: fc.nat(100_000), anonGid: fc.nat(100_000) },
});
const component = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 6 })
  .filter((text) => !/[/\0\uFFFD]|^\.\.?$/.test(text));
const path = fc.array(component, { minLength: 1, maxLength: 3 }).map((names) => `/${names.join('/')}`);
const written = fc.record({
  path,
  quoted: fc.boolean(),
  gap: fc.constantFrom(' ', '\t ', ' \\\n  '),
  asDefaults: fc.boolean(),
  rules: fc.uniqueArray(fc.record({ host, options }), { minLength: 1, maxLength: 4, selector: (rule) => rule.host }),
});

function writtenPath(text: string, quoted: boolean): string {
  const special = quoted ? /["\\\n]/g : /["\\\s#]/gu;
  const escaped = text.replace(special, (character) =>
    [...Buffer.from(character)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''),
  );
  return quoted ? `"${escaped}"` : escaped;
}

function writtenOptions(how: ExportOptions): string {
  const flag = (on: boolean, yes: string, no: string) => (on ? yes : no);
  return [
    ...[flag(how.readOnly, 'ro', 'rw'), flag(how.sync, 'sync', 'async'), flag(how.secure, 'secure', 'insecure')],
    flag(how.rootSquash, 'root_squash', 'no_root_squash'),
    flag(how.allSquash, 'all_squash', 'no_all_squash'),
    flag(how.crossMount, 'crossmnt', 'nocrossmnt'),
    flag(how.noHide, 'nohide', 'hide'),
    ...[`anonuid=${how.anonUid}`, `anongid=${how.anonGid}`],
  ].join(',');
}

test('what is written in any of the ways of exports(5) is read as it was meant', () => {
  fc.assert(
    fc.property(fc.uniqueArray(written, { maxLength: 4, selector: (line) => line.path }), (lines) => {
      const text = lines.map(({ path, quoted, gap, asDefaults, rules }) => {
        const parts = rules.map(({ host, options }) =>
          asDefaults ? `-${writtenOptions(options)}${gap}${host}` : `${host}(${writtenOptions(options)})`,
        );
        return `${writtenPath(path, quoted)}${gap}${parts.join(gap)} # and a comment\n`;
      });
      const { exports } = parse(text.join('\n'));
      const read = exports.map((entry) => ({
        path: entry.path,
        rules: entry.rules.map(({ host, options }) => ({ host: host.text, options })),
      }));
      assert.deepEqual(
        read,
        lines.map(({ path, rules }) => ({
          path,
          rules: rules.map((rule) => ({ host: rule.host, options: { ...rule.options } })),
        })),
      );
    }),
    { numRuns: 300 },
  );
});
