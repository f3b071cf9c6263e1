import type { Credential, Peer } from '../rpc/index.ts';
import type { FileSystem, Inode } from '../vfs/index.ts';
import type { HostRule } from './parse.ts';
import type { ExportView } from './view.ts';

/** Where other file systems are mounted in an export's: a directory's handle body, a name in it, the export found there. */
export type Crossings = ReadonlyMap<string, ReadonlyMap<string, ServedExport>>;

/** How an export is served now; replaced as a whole. */
export interface Serving {
  /** Undefined while what must be mounted is not. */
  readonly fileSystem: FileSystem | undefined;
  /** The mount that the file system was opened on, where it matters; another one is opened anew. */
  readonly mountId: number | undefined;
  /** The folder that the path of an exports file led to then; with another one in its place, that is opened. */
  readonly folder: string | undefined;
  readonly rules: readonly HostRule[];
  readonly crossings: Crossings;
  /** For an export that is reached through another: the directory that holds its mount point. */
  readonly above: { readonly served: ServedExport; readonly directory: Buffer } | undefined;
}

interface KnownView {
  readonly peer: Peer;
  readonly view: ExportView;
  /** Of the table: views are checked again when it has changed. */
  readonly generation: number;
}

const NOT_SERVED: Serving = {
  fileSystem: undefined,
  mountId: undefined,
  folder: undefined,
  rules: [],
  crossings: new Map(),
  above: undefined,
};

/** An export: one object for as long as its path is served under the same fsid, so that handles and views outlive a reload. */
export class ServedExport {
  readonly path: string;
  /** The path's bytes, one to a character, to compare with what clients send. */
  readonly pathBytes: string;
  readonly fsid: bigint;
  readonly fsidHigh: number;
  readonly fsidLow: number;
  /** True for a file system that is served because it is mounted below a `crossmnt` export. */
  readonly inherited: boolean;
  readonly views = new WeakMap<Credential, KnownView>();
  /** Which rule holds for an address; of one generation of the table. */
  matches: { readonly generation: number; readonly rules: Map<string, HostRule> } = {
    generation: -1,
    rules: new Map(),
  };
  serving: Serving = NOT_SERVED;

  constructor(path: string, fsid: bigint, inherited: boolean) {
    this.path = path;
    this.pathBytes = bytesKey(Buffer.from(path));
    this.fsid = fsid;
    this.fsidHigh = Number(fsid >> 32n);
    this.fsidLow = Number(fsid & 0xffffffffn);
    this.inherited = inherited;
  }

  /** The export whose file system is mounted at a name of a directory. */
  covering(directory: Inode, name: Buffer): ServedExport | undefined {
    const { crossings } = this.serving;
    return crossings.size === 0 ? undefined : crossings.get(bytesKey(directory.body))?.get(bytesKey(name));
  }
}

/** Bytes as a key: one character for each. */
export function bytesKey(bytes: Buffer): string {
  return bytes.toString('latin1');
}
