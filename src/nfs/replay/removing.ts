import { type Awaitable, then } from '../../common/awaitable.ts';
import type { Exports, File } from '../../exports/contract.ts';
import type { Call, Replay } from '../../rpc/index.ts';
import type { BeforeRemoving, Change } from '../../vfs/index.ts';
import { deciding, isFile, keeping, named, settled } from './looking.ts';

export interface Removing<Args, Res> {
  place(args: Args): { readonly dir: Buffer; readonly name: Buffer };
  result(directory: File, change: Change): Awaitable<Res>;
}

export function beforeRemoving(call: Call, directory: File): BeforeRemoving | undefined {
  return keeping(call, directory, (target) => target.body);
}

/** For REMOVE and RMDIR: the name does not stand any more for the file that it stood for. */
export function replayOfRemoving<Args, Res>(exports: Exports, removing: Removing<Args, Res>): Replay<Args, Res> {
  return {
    carriedOut: (args, note, call) =>
      deciding(() => {
        const { dir, name } = removing.place(args);
        return then(exports.file(dir, call), (directory) =>
          then(named(directory, name), (found) => {
            if (isFile(found, note)) return undefined;
            const { view, inode } = directory;
            return settled(directory, [inode], () =>
              then(view.attributes(inode), (after) => removing.result(directory, { before: undefined, after })),
            );
          }),
        );
      }),
  };
}
