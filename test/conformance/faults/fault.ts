import { then } from '../../../src/common/awaitable.ts';
import type { AnyProcedure, ProgramVersion } from '../../../src/rpc/index.ts';
import type { FileSystem } from '../../../src/vfs/index.ts';
import type { Alterations } from '../server.ts';

/** A fault that is planted into a sound server, and the cases that have to notice it. */
export interface Fault extends Alterations {
  /** `readdir-skips-a-name`: unique. */
  readonly name: string;
  /** What is wrong then, in a few words. */
  readonly breaks: string;
  /** Ids of cases. Each of them has to fail. */
  readonly caughtBy: readonly [string, ...string[]];
  /** The cases need the server's calls, for which it looks at port 111 of the suite's address. */
  readonly needsCallbacks?: true;
}

type Select = { readonly program: number; readonly version: number; readonly procedure: string };

const NFS3 = (procedure: string): Select => ({ program: 100_003, version: 3, procedure });

/** Exchanges one row of the server's tables. */
export function onRow(
  { program, version, procedure }: Select,
  change: (row: AnyProcedure) => AnyProcedure,
): Pick<Alterations, 'programs'> {
  return {
    programs: (programs) =>
      programs.map((each): ProgramVersion => {
        if (each.program !== program || each.version !== version) return each;
        if (!each.procedures.some(({ name }) => name === procedure)) throw new Error(`no ${procedure} to break`);
        return { ...each, procedures: each.procedures.map((row) => (row.name === procedure ? change(row) : row)) };
      }),
  };
}

// biome-ignore lint/suspicious/noExplicitAny: arguments and results of whichever row is meant; each was typed where it was made.
type Loose = any;

/** Changes what a row's handler gives back. */
export function onResult(select: Select, change: (result: Loose, args: Loose) => Loose): Pick<Alterations, 'programs'> {
  return onRow(select, (row) => ({
    ...row,
    handle: (args, call) => then(row.handle(args, call), (result: Loose) => change(result, args)),
  }));
}

/** Changes what a row's handler is given. */
export function onArguments(select: Select, change: (args: Loose) => Loose): Pick<Alterations, 'programs'> {
  return onRow(select, (row) => ({ ...row, handle: (args, call) => row.handle(change(args), call) }));
}

/** Changes successful results only. */
export function onSuccess(procedure: string, change: (result: Loose, args: Loose) => Loose) {
  return onResult(NFS3(procedure), (result, args) => (result.status === 0 ? change(result, args) : result));
}

/** Turns one status of NFSv3 into another. */
export function onStatus(procedure: string, from: number, to: number) {
  return onResult(NFS3(procedure), (result) => (result.status === from ? { ...result, status: to } : result));
}

export function nfs3Result(procedure: string, change: (result: Loose, args: Loose) => Loose) {
  return onResult(NFS3(procedure), change);
}

export function nfs3Arguments(procedure: string, change: (args: Loose) => Loose) {
  return onArguments(NFS3(procedure), change);
}

export function nfs3Row(procedure: string, change: (row: AnyProcedure) => AnyProcedure) {
  return onRow(NFS3(procedure), change);
}

/** Exchanges operations of the file system. */
export function onFileSystem(change: (sound: FileSystem) => Partial<FileSystem>): Pick<Alterations, 'fileSystem'> {
  return {
    fileSystem: (sound) => {
      const changed = change(sound);
      return new Proxy(sound, {
        get: (target, key) => {
          const value = Reflect.get(changed, key) ?? Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    },
  };
}
