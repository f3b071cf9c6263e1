import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { then } from '../../../src/common/awaitable.ts';
import type { Exports, File, FileListing, View } from '../../../src/exports/contract.ts';
import { openHandle, sealHandle } from '../../../src/exports/handle.ts';
import { nfs3Program } from '../../../src/nfs/v3/program.ts';
import * as status from '../../../src/nfs/v3/status.ts';
import * as types from '../../../src/nfs/v3/types.ts';
import { AUTH_SYS, type Call, NO_REPLY, type ProgramVersion } from '../../../src/rpc/index.ts';
import {
  type Attributes,
  type Caller,
  type DirectoryEntry,
  type FileSystem,
  FsError,
  type FsErrorCode,
} from '../../../src/vfs/index.ts';
import { nothing, type TypeOf, type Xdr, XdrReader, XdrWriter } from '../../../src/xdr/index.ts';
import { noExports, type Operation, Planted, viewOf } from '../exports.ts';
import { openTwoFolders } from '../folder.ts';

/** Each procedure's types as declared: the client's side of a test does not use the codecs written by hand. */
const TYPES = {
  NULL: [nothing, nothing],
  GETATTR: [types.GETATTR3args, types.GETATTR3res],
  SETATTR: [types.SETATTR3args, types.SETATTR3res],
  LOOKUP: [types.LOOKUP3args, types.LOOKUP3res],
  ACCESS: [types.ACCESS3args, types.ACCESS3res],
  READLINK: [types.READLINK3args, types.READLINK3res],
  READ: [types.READ3args, types.READ3res],
  WRITE: [types.WRITE3args, types.WRITE3res],
  CREATE: [types.CREATE3args, types.CREATE3res],
  MKDIR: [types.MKDIR3args, types.MKDIR3res],
  SYMLINK: [types.SYMLINK3args, types.SYMLINK3res],
  MKNOD: [types.MKNOD3args, types.MKNOD3res],
  REMOVE: [types.REMOVE3args, types.REMOVE3res],
  RMDIR: [types.RMDIR3args, types.RMDIR3res],
  RENAME: [types.RENAME3args, types.RENAME3res],
  LINK: [types.LINK3args, types.LINK3res],
  READDIR: [types.READDIR3args, types.READDIR3res],
  READDIRPLUS: [types.READDIRPLUS3args, types.READDIRPLUS3res],
  FSSTAT: [types.FSSTAT3args, types.FSSTAT3res],
  FSINFO: [types.FSINFO3args, types.FSINFO3res],
  PATHCONF: [types.PATHCONF3args, types.PATHCONF3res],
  COMMIT: [types.COMMIT3args, types.COMMIT3res],
} as const;
type Types = typeof TYPES;
export type ProcedureName = keyof Types;
export type Args<Name extends ProcedureName> = TypeOf<Types[Name][0]>;
export type Res<Name extends ProcedureName> = TypeOf<Types[Name][1]>;
/** The arm of a result that has NFS3_OK. */
export type Ok<Name extends ProcedureName> = Extract<Res<Name>, { status: 0 }>;

const SECRET = Buffer.alloc(32, 'k');

/** Two exported folders, served to one caller; the file systems are real. */
export class Server {
  readonly program: ProgramVersion;
  /** On the disk. */
  readonly folder: string;
  readonly other: string;
  /** Handles of the exported folders. */
  readonly root: Buffer;
  readonly otherRoot: Buffer;
  readonly fileSystem: FileSystem;
  /** Bytes that the transport's replies may carry. */
  maxData = 1024 * 1024;
  private readonly planted = new Planted();
  private readonly views: readonly View[];
  private mounted: string | undefined;

  constructor(folders: readonly [string, string], fileSystems: readonly [FileSystem, FileSystem], caller: Caller) {
    [this.folder, this.other] = folders;
    [this.fileSystem] = fileSystems;
    const [view, otherView] = [this.viewOf(fileSystems[0], caller, 1), this.viewOf(fileSystems[1], caller, 2)];
    this.views = [view, otherView];
    const exports: Exports = {
      ...noExports,
      file: async (handle): Promise<File> => {
        const { fsid, body } = openHandle(SECRET, handle);
        const asked = this.views.find((candidate) => BigInt(candidate.fsidLow) === fsid);
        if (asked === undefined) throw new FsError('STALE', 'handle');
        return { view: asked, inode: await asked.fileSystem.resolve(body) };
      },
      handleOf: (asked, inode) => (inode.handle ??= sealHandle(SECRET, BigInt(asked.fsidLow), inode.body)),
    };
    this.program = nfs3Program(exports);
    this.root = exports.handleOf(view, view.fileSystem.root);
    this.otherRoot = exports.handleOf(otherView, otherView.fileSystem.root);
  }

  /** From now on, this operation fails like this. */
  fail(operation: Operation, code: FsErrorCode): void {
    this.planted.fail(operation, code);
  }

  /** From now on, the other folder is seen under this name of the first, as `crossmnt` does it. */
  mountOther(name: string): void {
    this.mounted = name;
  }

  /** Calls a procedure as the dispatcher does, from the bytes of its arguments to those of its result. */
  async call<Name extends ProcedureName>(name: Name, args: Args<Name>): Promise<Res<Name>> {
    const [argsType, resType] = TYPES[name] as readonly [Xdr<Args<Name>>, Xdr<Res<Name>>];
    const writer = new XdrWriter();
    argsType.write(writer, args);
    const replied = await this.callBytes(name, writer.toBuffer());
    const reader = new XdrReader(replied);
    const result = resType.read(reader);
    reader.finish();
    return result;
  }

  /** As {@link call}, with bytes. */
  async callBytes(name: ProcedureName, args: Buffer): Promise<Buffer> {
    const row = this.program.procedures.find((candidate) => candidate.name === name);
    assert.ok(row, `no row is called ${name}`);
    const reader = new XdrReader(args);
    const decoded = row.args.read(reader);
    reader.finish();
    const result = await row.handle(decoded, this.callOf(row.number));
    assert.notEqual(result, NO_REPLY);
    const writer = new XdrWriter();
    row.res.write(writer, result);
    return writer.toBuffer();
  }

  /** Calls a procedure that is to succeed. */
  async ok<Name extends ProcedureName>(name: Name, args: Args<Name>): Promise<Ok<Name>> {
    const result = (await this.call(name, args)) as { status: number };
    assert.equal(statusName(result.status), 'NFS3_OK');
    return result as Ok<Name>;
  }

  /** The handle of a path of names below the export, each looked up. */
  async handle(path: string): Promise<Buffer> {
    let dir = this.root;
    for (const name of path.split('/')) dir = (await this.ok('LOOKUP', { what: at(dir, name) })).object;
    return dir;
  }

  private callOf(procedure: number): Call {
    return {
      xid: 1,
      program: this.program.program,
      version: this.program.version,
      procedure,
      credential: { flavor: AUTH_SYS, unix: undefined },
      peer: {
        transport: 'tcp',
        address: '127.0.0.1',
        port: 700,
        localAddress: '127.0.0.1',
        localPort: 2049,
        maxData: this.maxData,
      },
    };
  }

  private viewOf(fileSystem: FileSystem, caller: Caller, fsid: number): View {
    const view = viewOf(fileSystem, caller, fsid, this.planted);
    const { readdir } = view;
    view.readdir = (...args) =>
      then(readdir(...args), async (listing) => ({
        ...listing,
        entries: await Promise.all(listing.entries.map((entry) => this.crossed(entry))),
      }));
    return view;
  }

  private async crossed(entry: DirectoryEntry): Promise<FileListing['entries'][number]> {
    const other = this.views[1];
    if (other === undefined || entry.name.toString() !== this.mounted) return entry;
    const { root } = other.fileSystem;
    return { ...entry, view: other, inode: root, attributes: await other.fileSystem.attributes(root) };
  }
}

/** Serves two empty temporary folders until the test ends. */
export async function serve(t: TestContext): Promise<Server> {
  const { folders, fileSystems, caller } = await openTwoFolders(t);
  return new Server(folders, fileSystems, caller);
}

export function at(dir: Buffer, name: string | Buffer): { dir: Buffer; name: Buffer } {
  return { dir, name: Buffer.from(name) };
}

/** A `sattr3` that sets nothing but what is given. */
export function sattr(set: Partial<types.sattr3> = {}): types.sattr3 {
  return {
    mode: undefined,
    uid: undefined,
    gid: undefined,
    size: undefined,
    atime: { set_it: types.DONT_CHANGE },
    mtime: { set_it: types.DONT_CHANGE },
    ...set,
  };
}

export function statusName(value: number): string {
  const found = Object.entries(status).find(([name, code]) => name.startsWith('NFS3') && code === value);
  return found === undefined ? `status ${value}` : found[0];
}

/** The result's status is this one. */
export function assertStatus(result: { status: number }, expected: number): void {
  assert.equal(statusName(result.status), statusName(expected));
}

type Wcc = types.wcc_data;

/** The attributes are those of a file as it is now. */
export function assertAttributes(found: Partial<Attributes> | undefined, now: Attributes): void {
  assert.ok(found, 'attributes are missing');
  for (const key of ['type', 'fileidHigh', 'fileidLow', 'size', 'mtimeSeconds', 'mtimeNanoseconds'] as const) {
    assert.equal(found[key], now[key], key);
  }
}

/** A successful change tells the attributes before it, as they were, and after it, as they are (RFC 1813 §2.6). */
export function assertChanged(wcc: Wcc, before: Attributes, after: Attributes): void {
  assert.ok(wcc.before, 'the attributes before are missing');
  for (const key of ['size', 'mtimeSeconds', 'mtimeNanoseconds', 'ctimeSeconds', 'ctimeNanoseconds'] as const) {
    assert.equal(wcc.before[key], before[key], `before: ${key}`);
  }
  assertAttributes(wcc.after, after);
}

/** A failed call tells the attributes of now, if the object could be had at all (RFC 1813 §3.1). */
export function assertUnchanged(wcc: Wcc, now: Attributes): void {
  assertAttributes(wcc.after, now);
}

/** Every failure in `codes` of an operation comes out as its status, with what `check` looks for in the result. */
export async function assertFailures<Name extends ProcedureName>(
  server: Server,
  name: Name,
  args: Args<Name>,
  operation: Operation,
  codes: readonly FsErrorCode[],
  check: (result: Res<Name>) => void,
): Promise<void> {
  for (const code of codes) {
    server.fail(operation, code);
    const result = await server.call(name, args);
    assert.equal(statusName((result as { status: number }).status), `NFS3ERR_${code}`);
    check(result);
  }
}

/** Handles that name no file: NFS3ERR_BADHANDLE for one that is not ours, NFS3ERR_STALE for one whose file is gone. */
export async function assertHandlesRefused<Name extends ProcedureName>(
  server: Server,
  name: Name,
  argsOf: (handle: Buffer) => Args<Name>,
): Promise<void> {
  const forged = Buffer.from(server.root);
  forged[forged.length - 1]! ^= 1;
  for (const handle of [forged, Buffer.alloc(0), Buffer.alloc(64, 1)]) {
    assertStatus((await server.call(name, argsOf(handle))) as { status: number }, status.NFS3ERR_BADHANDLE);
  }
  const made = await server.ok('CREATE', {
    where: at(server.root, 'soon gone'),
    how: { mode: types.GUARDED, obj_attributes: sattr() },
  });
  await server.ok('REMOVE', { object: at(server.root, 'soon gone') });
  assertStatus((await server.call(name, argsOf(made.obj!))) as { status: number }, status.NFS3ERR_STALE);
}

export interface NameCase {
  readonly name: string | Buffer;
  readonly status: number;
  readonly why: string;
}

/** Names that no procedure takes (RFC 1813 §3.2). */
export const BAD_NAMES: readonly NameCase[] = [
  { name: '', status: status.NFS3ERR_ACCES, why: 'the empty name' },
  { name: 'a/b', status: status.NFS3ERR_ACCES, why: 'a name with a slash' },
  { name: Buffer.from('a\0b'), status: status.NFS3ERR_ACCES, why: 'a name with NUL' },
  { name: 'n'.repeat(256), status: status.NFS3ERR_NAMETOOLONG, why: 'a name of 256 bytes' },
];

/** Each of the names is refused with its status, and the directory is as it was. */
export async function assertNamesRefused<Name extends ProcedureName>(
  server: Server,
  procedure: Name,
  argsOf: (name: Buffer) => Args<Name>,
  cases: readonly NameCase[] = BAD_NAMES,
): Promise<void> {
  for (const { name, status: expected, why } of cases) {
    const result = (await server.call(procedure, argsOf(Buffer.from(name)))) as { status: number };
    assert.equal(statusName(result.status), statusName(expected), why);
  }
}
