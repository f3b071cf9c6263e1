import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Exports, File, View } from '../../../src/exports/contract.ts';
import { openHandle, pad32, sealAlias, sealHandle } from '../../../src/exports/handle.ts';
import { aclPrograms } from '../../../src/nfs/acl/program.ts';
import type { fattr } from '../../../src/nfs/v2/attributes.ts';
import { nfs2Program } from '../../../src/nfs/v2/program.ts';
import * as status from '../../../src/nfs/v2/status.ts';
import * as types from '../../../src/nfs/v2/types.ts';
import { type AnyProcedure, AUTH_SYS, type Call, NO_REPLY, type ProgramVersion } from '../../../src/rpc/index.ts';
import { MemoryAliases } from '../../../src/state/index.ts';
import { type Caller, type FileSystem, FsError, type FsErrorCode } from '../../../src/vfs/index.ts';
import { nothing, type TypeOf, type Xdr, XdrReader, XdrWriter } from '../../../src/xdr/index.ts';
import { noExports, type Operation, Planted, viewOf } from '../exports.ts';
import { openTwoFolders } from '../folder.ts';

/** Each procedure's types. */
const TYPES = {
  NULL: [nothing, nothing],
  GETATTR: [types.fhandleargs, types.attrstat],
  SETATTR: [types.sattrargs, types.attrstat],
  ROOT: [nothing, nothing],
  LOOKUP: [types.diropargs, types.diropres],
  READLINK: [types.fhandleargs, types.readlinkres],
  READ: [types.readargs, types.readres],
  WRITECACHE: [nothing, nothing],
  WRITE: [types.writeargs, types.attrstat],
  CREATE: [types.createargs, types.diropres],
  REMOVE: [types.diropargs, types.statres],
  RENAME: [types.renameargs, types.statres],
  LINK: [types.linkargs, types.statres],
  SYMLINK: [types.symlinkargs, types.statres],
  MKDIR: [types.createargs, types.diropres],
  RMDIR: [types.diropargs, types.statres],
  READDIR: [types.readdirargs, types.readdirres],
  STATFS: [types.fhandleargs, types.statfsres],
} as const;
type Types = typeof TYPES;
export type ProcedureName = keyof Types;
export type Args<Name extends ProcedureName> = TypeOf<Types[Name][0]>;
export type Res<Name extends ProcedureName> = TypeOf<Types[Name][1]>;
/** The arm of a result that has NFS_OK. */
export type Ok<Name extends ProcedureName> = Extract<Res<Name>, { status: 0 }>;

const SECRET = Buffer.alloc(32, 'k');
/** No reply came. */
export const SILENT = Symbol('silent');

/** Two exported folders, served to one caller by NFSv2 and NFSACL; the file systems are real, or those given. */
export class Server {
  readonly programs: readonly ProgramVersion[];
  readonly exports: Exports;
  readonly views: readonly [View, View];
  /** On the disk. */
  readonly folder: string;
  readonly root: Buffer;
  readonly otherRoot: Buffer;
  /** Bytes that the transport's replies may carry. */
  maxData = 1024 * 1024;
  private readonly planted = new Planted();

  constructor(folder: string, fileSystems: readonly [FileSystem, FileSystem], caller: Caller) {
    this.folder = folder;
    this.views = [viewOf(fileSystems[0], caller, 1, this.planted), viewOf(fileSystems[1], caller, 2, this.planted)];
    const aliases = new MemoryAliases();
    const handleOf: Exports['handleOf'] = (view, inode) =>
      (inode.handle ??= sealHandle(SECRET, BigInt(view.fsidLow), inode.body));
    this.exports = {
      ...noExports,
      file: async (handle): Promise<File> => {
        const { fsid, body: given, isAlias } = openHandle(SECRET, handle);
        const body = isAlias ? aliases.find(given) : given;
        const view = this.views.find((candidate) => BigInt(candidate.fsidLow) === fsid);
        if (view === undefined || body === undefined) throw new FsError('STALE', 'handle');
        return { view, inode: await view.fileSystem.resolve(body) };
      },
      handleOf,
      handle32Of: (view, inode) => {
        const own = pad32(handleOf(view, inode));
        if (own !== undefined) return own;
        const { handle, alias } = sealAlias(SECRET, BigInt(view.fsidLow), inode.body);
        aliases.keep(alias, inode.body);
        return handle;
      },
    };
    this.programs = [nfs2Program(this.exports), ...aclPrograms(this.exports)];
    [this.root, this.otherRoot] = [this.shortRoot(0), this.shortRoot(1)];
  }

  private shortRoot(at: 0 | 1): Buffer {
    const view = this.views[at];
    const handle = this.exports.handle32Of(view, view.fileSystem.root);
    return Buffer.isBuffer(handle) ? handle : assert.fail('had at once');
  }

  /** From now on, this operation fails like this. */
  fail(operation: Operation, code: FsErrorCode): void {
    this.planted.fail(operation, code);
  }

  /** From now on, this operation has this result. */
  replace<Name extends Operation>(operation: Name, result: () => ReturnType<View[Name]>): void {
    this.planted.replace(operation, result);
  }

  /** Calls a procedure that is to be answered. */
  async call<Name extends ProcedureName>(name: Name, args: Args<Name>): Promise<Res<Name>> {
    const [argsType, resType] = TYPES[name] as readonly [Xdr<Args<Name>>, Xdr<Res<Name>>];
    return this.run(100003, 2, name, argsType, args, resType);
  }

  /** Calls a procedure that is to succeed. */
  async ok<Name extends ProcedureName>(name: Name, args: Args<Name>): Promise<Ok<Name>> {
    const result = (await this.call(name, args)) as { status: number };
    assert.equal(statusName(result.status), 'NFS_OK');
    return result as Ok<Name>;
  }

  /** Calls a procedure of any version as the dispatcher does, from the bytes of its arguments to those of its result. */
  async run<A, R>(program: number, version: number, name: string, args: Xdr<A>, value: A, res: Xdr<R>): Promise<R> {
    const reply = await this.bytes(program, version, name, args, value);
    assert.notEqual(reply, SILENT);
    const reader = new XdrReader(reply as Buffer);
    const result = res.read(reader);
    reader.finish();
    return result;
  }

  /** As {@link run}, but the bytes of the reply. */
  async bytes<A>(program: number, version: number, name: string, args: Xdr<A>, value: A) {
    const row = this.row(program, version, name);
    const writer = new XdrWriter();
    args.write(writer, value);
    const reader = new XdrReader(writer.toBuffer());
    const decoded = row.args.read(reader);
    reader.finish();
    const result = await row.handle(decoded, this.callOf(program, version, row.number));
    if (result === NO_REPLY) return SILENT;
    const out = new XdrWriter();
    row.res.write(out, result);
    return out.toBuffer();
  }

  /** The handle of a path of names below the export, each looked up. */
  async handle(path: string): Promise<Buffer> {
    let dir = this.root;
    for (const name of path.split('/')) dir = (await this.ok('LOOKUP', at(dir, name))).file;
    return dir;
  }

  private row(program: number, version: number, name: string): AnyProcedure {
    const found = this.programs.find((each) => each.program === program && each.version === version);
    const row = found?.procedures.find((candidate) => candidate.name === name);
    return row ?? assert.fail(`no row is called ${name}`);
  }

  private callOf(program: number, version: number, procedure: number): Call {
    return {
      ...{ xid: 1, program, version, procedure, credential: { flavor: AUTH_SYS, unix: undefined } },
      peer: {
        ...{ transport: 'tcp', address: '127.0.0.1', port: 700, localAddress: '127.0.0.1', localPort: 2049 },
        maxData: this.maxData,
      },
    };
  }
}

/** Serves two empty temporary folders until the test ends. */
export async function serve(t: TestContext): Promise<Server> {
  const { folders, fileSystems, caller } = await openTwoFolders(t);
  return new Server(folders[0], fileSystems, caller);
}

export function at(dir: Buffer, name: string | Buffer): { dir: Buffer; name: Buffer } {
  return { dir, name: Buffer.from(name) };
}

export const UNSET = 0xffff_ffff;
export const KEEP_TIME: fattr['atime'] = { seconds: UNSET, useconds: UNSET };

/** A `sattr` that sets nothing but what is given. */
export function sattr(set: Partial<types.sattr> = {}): types.sattr {
  return { mode: UNSET, uid: UNSET, gid: UNSET, size: UNSET, atime: KEEP_TIME, mtime: KEEP_TIME, ...set };
}

export function statusName(value: number): string {
  const found = Object.entries(status).find(([name, code]) => name.startsWith('NFS') && code === value);
  return found === undefined ? `status ${value}` : found[0];
}

/** The result's status is this one. */
export function assertStatus(result: unknown, expected: number): void {
  assert.equal(statusName((result as { status: number }).status), statusName(expected));
}

/** What failures of a file system come out as; all others under their own names. */
const OTHER_NAMES: { readonly [Code in FsErrorCode]?: string } = {
  XDEV: 'ACCES',
  INVAL: 'IO',
  MLINK: 'NOSPC',
  BADHANDLE: 'STALE',
  NOTSUPP: 'PERM',
  BAD_COOKIE: 'IO',
};

/** Every failure in `codes` of an operation comes out as its status, and JUKEBOX as silence. */
export async function assertFailures<Name extends ProcedureName>(
  server: Server,
  name: Name,
  args: Args<Name>,
  operation: Operation,
  codes: readonly FsErrorCode[],
): Promise<void> {
  for (const code of codes) {
    server.fail(operation, code);
    const result = (await server.call(name, args)) as { status: number };
    assert.equal(statusName(result.status), `NFSERR_${OTHER_NAMES[code] ?? code}`);
    assert.deepEqual(Object.keys(result), ['status'], 'a failed result has nothing else');
  }
  server.fail(operation, 'JUKEBOX');
  assert.equal(await server.bytes(100003, 2, name, TYPES[name][0] as Xdr<Args<Name>>, args), SILENT);
}

/** Handles that name no file are NFSERR_STALE, for there is no other word: not ours, of no file, of one that is gone. */
export async function assertHandlesRefused<Name extends ProcedureName>(
  server: Server,
  name: Name,
  argsOf: (handle: Buffer) => Args<Name>,
): Promise<void> {
  const forged = Buffer.from(server.root);
  forged[20]! ^= 1;
  for (const handle of [forged, Buffer.alloc(32), Buffer.alloc(32, 1)]) {
    assertStatus(await server.call(name, argsOf(handle)), status.NFSERR_STALE);
  }
  const where = at(server.root, 'soon gone');
  const { file } = await server.ok('CREATE', { where, attributes: sattr() });
  await server.ok('REMOVE', where);
  assertStatus(await server.call(name, argsOf(file)), status.NFSERR_STALE);
}

/** Names that no procedure takes: with what status, and why. */
const BAD_NAMES: readonly (readonly [string, number, string])[] = [
  ['', status.NFSERR_ACCES, 'the empty name'],
  ['a/b', status.NFSERR_ACCES, 'a name with a slash'],
  ['a\0b', status.NFSERR_ACCES, 'a name with NUL'],
  ['n'.repeat(256), status.NFSERR_NAMETOOLONG, 'a name of 256 bytes'],
];

export async function assertNamesRefused<Name extends ProcedureName>(
  server: Server,
  procedure: Name,
  argsOf: (name: Buffer) => Args<Name>,
): Promise<void> {
  for (const [name, expected, why] of BAD_NAMES) {
    const result = (await server.call(procedure, argsOf(Buffer.from(name)))) as { status: number };
    assert.equal(statusName(result.status), statusName(expected), why);
  }
}
