import { type Awaitable, then } from '../../common/awaitable.ts';
import type { Exports, File } from '../../exports/contract.ts';
import type { Call, Replay } from '../../rpc/index.ts';
import type { BeforeMaking, Created, FileType, NewAttributes } from '../../vfs/index.ts';
import { attributesNote, wereSet } from './attributes.ts';
import { deciding, keeping, named, settled } from './looking.ts';

export interface Making<Args, Res> {
  place(args: Args): { readonly dir: Buffer; readonly name: Buffer };
  /** What is to be made. */
  type(args: Args): FileType;
  /** What is set on a file that is there already, where that is no failure. */
  onExisting?(args: Args): NewAttributes | undefined;
  result(directory: File, made: Created): Awaitable<Res>;
}

const ABSENT = Buffer.alloc(0);

export function beforeMaking(call: Call, directory: File): BeforeMaking | undefined {
  return keeping(call, directory, (existing) => (existing === undefined ? ABSENT : attributesNote(existing)));
}

/**
 * For CREATE, MKDIR, SYMLINK and MKNOD: the name was free, and now something of the right type has it. Nobody can have
 * made that but the call itself, for nobody else was served in between.
 */
export function replayOfMaking<Args, Res>(exports: Exports, making: Making<Args, Res>): Replay<Args, Res> {
  return {
    carriedOut: (args, note, call) =>
      deciding(() => {
        const { dir, name } = making.place(args);
        return then(exports.file(dir, call), (directory) =>
          then(named(directory, name), (found) => {
            if (found === undefined || found.attributes.type !== making.type(args)) return undefined;
            const set = making.onExisting?.(args);
            if (note.length > 0 && (set === undefined || !wereSet(set, note, found.attributes))) return undefined;
            const { inode, attributes } = found;
            const change = { before: undefined, after: found.directory };
            return settled(directory, [inode, directory.inode], () =>
              making.result(directory, { inode, attributes, directory: change }),
            );
          }),
        );
      }),
  };
}
