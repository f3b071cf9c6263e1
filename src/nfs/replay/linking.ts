import { type Awaitable, then } from '../../common/awaitable.ts';
import type { Exports, File } from '../../exports/contract.ts';
import type { Replay } from '../../rpc/index.ts';
import type { Attributes, Change } from '../../vfs/index.ts';
import { deciding, isFile, named, settled } from './looking.ts';

export interface Linking<Args, Res> {
  file(args: Args): Buffer;
  place(args: Args): { readonly dir: Buffer; readonly name: Buffer };
  result(
    file: File,
    directory: File,
    linked: { readonly file: Attributes; readonly directory: Change },
  ): Awaitable<Res>;
}

/** For LINK: the name was free, and now it stands for the file. */
export function replayOfLinking<Args, Res>(exports: Exports, linking: Linking<Args, Res>): Replay<Args, Res> {
  return {
    carriedOut: (args, _note, call) =>
      deciding(() => {
        const { dir, name } = linking.place(args);
        return then(exports.file(linking.file(args), call), (file) =>
          then(exports.file(dir, call), (directory) =>
            then(named(directory, name), (found) => {
              if (found === undefined || !isFile(found, file.inode.body)) return undefined;
              const change = { before: undefined, after: found.directory };
              return settled(directory, [file.inode, directory.inode], () =>
                linking.result(file, directory, { file: found.attributes, directory: change }),
              );
            }),
          ),
        );
      }),
  };
}
