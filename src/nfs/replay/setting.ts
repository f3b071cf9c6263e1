import { type Awaitable, then } from '../../common/awaitable.ts';
import type { Exports, File } from '../../exports/contract.ts';
import type { Call, Replay } from '../../rpc/index.ts';
import type { BeforeSetting, Change, NewAttributes } from '../../vfs/index.ts';
import { attributesNote, wereSet } from './attributes.ts';
import { deciding, keeping, settled } from './looking.ts';

export interface Setting<Args, Res> {
  file(args: Args): Buffer;
  changes(args: Args): NewAttributes;
  result(file: File, change: Change): Awaitable<Res>;
}

export function beforeSetting(call: Call, file: File): BeforeSetting | undefined {
  return keeping(call, file, attributesNote);
}

/** For SETATTR: the attributes are set, though they were others before. Otherwise setting them again does no harm. */
export function replayOfSetting<Args, Res>(exports: Exports, setting: Setting<Args, Res>): Replay<Args, Res> {
  return {
    carriedOut: (args, note, call) =>
      deciding(() =>
        then(exports.file(setting.file(args), call), (file) =>
          then(file.view.attributes(file.inode), (after) => {
            if (!wereSet(setting.changes(args), note, after)) return undefined;
            return settled(file, [file.inode], () => setting.result(file, { before: undefined, after }));
          }),
        ),
      ),
  };
}
