import type { Logger } from '../../src/common/log.ts';
import type { Exports, File } from '../../src/exports/contract.ts';
import { mountPrograms } from '../../src/mount/index.ts';
import type { Peer } from '../../src/rpc/index.ts';
import { MountTable } from '../../src/state/index.ts';
import { FsError } from '../../src/vfs/index.ts';
import { callRow } from '../rpc/row.ts';

/** A log that keeps what it is told. */
export class RememberingLog implements Logger {
  readonly lines: { details: object; message: string }[] = [];
  trace(details: object, message: string): void {
    this.lines.push({ details, message });
  }
  debug = this.trace;
  info = this.trace;
  warn = this.trace;
  error = this.trace;
}

/** Exports that know their paths by heart: each leads to a handle, or to what goes wrong there. */
export class FakeExports implements Exports {
  readonly files = new Map<string, Buffer | FsError | Error>();
  exported: { path: string; hosts: string[] }[] = [];
  private readonly handles = new WeakMap<object, Buffer>();

  file(): File {
    throw new FsError('BADHANDLE', 'handle');
  }

  handleOf(_view: File['view'], inode: File['inode']): Buffer {
    const handle = this.handles.get(inode);
    if (handle === undefined) throw new Error('an inode of somewhere else');
    return handle;
  }

  handle32Of(view: File['view'], inode: File['inode']): Buffer {
    const handle = this.handleOf(view, inode);
    return Buffer.concat([handle, Buffer.alloc(32)], 32);
  }

  async mount(path: Buffer): Promise<File> {
    const found = this.files.get(path.toString('latin1')) ?? new FsError('NOENT', 'mount');
    if (!Buffer.isBuffer(found)) throw found;
    const inode = { body: Buffer.alloc(0), type: 2, closed: false, handle: undefined } as const;
    this.handles.set(inode, found);
    return { view: undefined as never, inode };
  }

  list() {
    return this.exported;
  }
}

export function subject() {
  const exports = new FakeExports();
  const mounts = new MountTable();
  const log = new RememberingLog();
  const programs = mountPrograms(exports, mounts, log);
  const call = (version: number, name: string, args?: unknown, from?: Partial<Peer>) =>
    callRow(programs, version, name, args, from);
  return { exports, mounts, log, programs, call };
}
