import fc from 'fast-check';
import { MOUNT1, MOUNT2, MOUNT3 } from '../../conformance/protocol/programs/mount.ts';
import { NFS2 } from '../../conformance/protocol/programs/nfs2.ts';
import { NFS3 } from '../../conformance/protocol/programs/nfs3.ts';
import { ACL2, ACL3 } from '../../conformance/protocol/programs/nfsacl.ts';
import { NLM1, NLM3, NLM4 } from '../../conformance/protocol/programs/nlm.ts';
import { NSM1 } from '../../conformance/protocol/programs/nsm.ts';
import { PMAP2, RPCB3, RPCB4 } from '../../conformance/protocol/programs/portmap.ts';
import type { Program } from '../../conformance/protocol/programs/program.ts';
import { RQUOTA1, RQUOTA2 } from '../../conformance/protocol/programs/rquota.ts';
import { authSys, callMessage } from '../../conformance/protocol/rpc/client.ts';
import { encode, type Wire } from '../../conformance/protocol/wire.ts';

/** Programs by how often they are called. Lock managers call back, and so are left out where that could leave the machine. */
const FILE_PROGRAMS: readonly (readonly [weight: number, program: Program])[] = [
  ...([
    [12, NFS3],
    [6, NFS2],
    [2, ACL3],
    [1, ACL2],
    [2, MOUNT3],
    [1, MOUNT2],
    [1, MOUNT1],
  ] as const),
  ...([
    [1, RQUOTA1],
    [1, RQUOTA2],
    [1, PMAP2],
    [1, RPCB3],
    [1, RPCB4],
  ] as const),
];
const LOCK_PROGRAMS: typeof FILE_PROGRAMS = [
  [3, NLM4],
  [2, NLM3],
  [1, NLM1],
  [1, NSM1],
];

/** What calls are to be about: handles of a server, so that many of them get past the first check. */
export interface Targets {
  readonly handles: readonly Buffer[];
  /** Of version 2. */
  readonly handles2: readonly Buffer[];
  /** The exported path. */
  readonly path: string;
  readonly locks: boolean;
}

const UINT32 = [0, 1, 2, 4, 6, 17, 100, 4096, 65_536, 100_003, 100_005, 100_021, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
const UINT64 = [
  0n,
  1n,
  511n,
  4096n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];
const NAMES = ['a', 'b', 'file', 'folder', '.', '..', '', 'x/y', 'n\0l', '\xc3\xa9', '\xff\xfe', '../../etc'];
const LENGTHS = [254, 255, 256, 1023, 1024, 1025, 5000];
/** None of them is to be asked of a resolver elsewhere. */
const HOSTS = ['localhost', '127.0.0.1', '::1', '', 'localhost.localdomain'];
const MOST_ITEMS = 6;
const HANDLE_BYTES = 64;
const HANDLE2_BYTES = 32;

/** Values of a declared type: mostly such as mean something to the server, sometimes any at all, seldom too long. */
export function arbitraryOf(type: Wire<unknown>, targets: Targets): fc.Arbitrary<unknown> {
  const { shape } = type;
  switch (shape.kind) {
    case 'uint32':
      return fc.oneof(fc.constantFrom(...UINT32), fc.nat(40), fc.nat());
    case 'int32':
      return fc.oneof(fc.constantFrom(0, 1, -1, 2 ** 31 - 1, -(2 ** 31)), fc.nat(40), fc.integer());
    case 'uint64':
      return fc.oneof(
        fc.constantFrom(...UINT64),
        fc.bigInt({ min: 0n, max: 10_000n }),
        fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      );
    case 'bool':
      return fc.boolean();
    case 'nothing':
      return fc.constant(undefined);
    case 'rest':
      return bytes(MOST_ITEMS);
    case 'opaque':
      return opaques(shape.max, targets);
    case 'text':
      return texts(targets);
    case 'fixed':
      return shape.length === HANDLE2_BYTES
        ? handles(targets.handles2, HANDLE2_BYTES)
        : bytes(shape.length, shape.length);
    case 'enumeration':
      return fc.constantFrom(...shape.names);
    case 'struct':
      return recordOf(shape.fields, targets);
    case 'optional':
      return fc.option(arbitraryOf(shape.item, targets), { nil: undefined });
    case 'list':
    case 'array':
      return fc.array(arbitraryOf(shape.item, targets), { maxLength: MOST_ITEMS });
    case 'union':
      return fc.oneof(
        ...Object.entries(shape.arms).map(([name, fields]) =>
          recordOf(fields, targets).map((arm) => ({ ...arm, [shape.tag]: name })),
        ),
      );
  }
}

function recordOf(fields: { readonly [field: string]: Wire<unknown> }, targets: Targets) {
  return fc.record(
    Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, arbitraryOf(type, targets)])),
  );
}

function bytes(maxLength: number, minLength = 0): fc.Arbitrary<Buffer> {
  return fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array));
}

/** Handles as they are, and with one byte changed. */
function handles(known: readonly Buffer[], length: number): fc.Arbitrary<Buffer> {
  const damaged = fc.tuple(fc.constantFrom(...known), fc.nat(), fc.nat(255)).map(([handle, at, byte]) => {
    const copy = Buffer.from(handle);
    copy[at % copy.length] = byte;
    return copy;
  });
  return fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...known) },
    { weight: 1, arbitrary: damaged },
    { weight: 1, arbitrary: bytes(length, length) },
  );
}

function opaques(max: number, targets: Targets): fc.Arbitrary<Buffer> {
  const long = fc
    .constantFrom(max - 1, max, max + 1, 8192, 8193)
    .map((length) => Buffer.alloc(Math.min(length, 8193), 7));
  return fc.oneof(
    { weight: 12, arbitrary: handles(targets.handles, HANDLE_BYTES) },
    { weight: 4, arbitrary: bytes(16) },
    { weight: 1, arbitrary: long },
  );
}

function texts({ path }: Targets): fc.Arbitrary<string> {
  const below = fc.constantFrom(path, `${path}/a`, `${path}/..`, `${path}//.//`, '/');
  const long = fc.constantFrom(...LENGTHS).map((length) => 'n'.repeat(length));
  // A few characters, so that the same names come again and folders stay of one size.
  const any = fc.string({ unit: fc.constantFrom('a', 'b', '.', '/', '\0', '\xff'), maxLength: 3 });
  return fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...NAMES) },
    { weight: 3, arbitrary: below },
    { weight: 2, arbitrary: fc.constantFrom(...HOSTS) },
    { weight: 2, arbitrary: any },
    { weight: 1, arbitrary: long },
  );
}

const ids = fc.constantFrom(0, 1000, 1001, 65_534, 0xffff_ffff);
const credentials = fc
  .record({ uid: ids, gid: ids, gids: fc.array(fc.nat(1000), { maxLength: 18 }) })
  .map((user) => authSys({ ...user, gids: user.gids }));

/** Well-formed calls of every procedure of the programs, by the types that the suite declares for them. */
export function callsOf(targets: Targets): fc.Arbitrary<Buffer> {
  const programs = [...FILE_PROGRAMS, ...(targets.locks ? LOCK_PROGRAMS : [])];
  return fc.oneof(
    ...programs.map(([weight, program]) => ({
      weight,
      arbitrary: fc.oneof(...Object.values(program.procedures).map((row) => callOf(program, row, targets))),
    })),
  );
}

function callOf(
  { program: prog, version: vers }: Program,
  { number: proc, args }: Program['procedures'][string],
  targets: Targets,
): fc.Arbitrary<Buffer> {
  return fc
    .record({ cred: credentials, value: arbitraryOf(args, targets) })
    .map(({ cred, value }) => callMessage({ prog, vers, proc, cred, args: encode(args, value) }));
}
