import { createHash } from 'node:crypto';
import { type Awaitable, then } from '../../common/awaitable.ts';
import type { Exports, File } from '../../exports/contract.ts';
import type { Call, Replay } from '../../rpc/index.ts';
import type { Acls, Attributes, BeforeSettingAcls, Change } from '../../vfs/index.ts';
import { deciding, keeping, settled } from './looking.ts';

export interface SettingAcls<Args, Res> {
  file(args: Args): Buffer;
  result(file: File, change: Change): Awaitable<Res>;
}

export function beforeSettingAcls(call: Call, file: File): BeforeSettingAcls | undefined {
  return keeping(call, file, digestOf);
}

/** For SETACL: the ACLs are not those of before. Setting the same ones again does no harm. */
export function replayOfSettingAcls<Args, Res>(exports: Exports, setting: SettingAcls<Args, Res>): Replay<Args, Res> {
  return {
    carriedOut: (args, note, call) =>
      deciding(() =>
        then(exports.file(setting.file(args), call), (file) =>
          then(file.view.acls(file.inode), (found) => {
            if (digestOf(found).equals(note)) return undefined;
            const change = { before: undefined, after: found.attributes };
            return settled(file, [file.inode], () => setting.result(file, change));
          }),
        ),
      ),
  };
}

/** Of the mode too: an ACL that says no more than a mode is kept as one. */
function digestOf({ acls, attributes }: { readonly acls: Acls; readonly attributes: Attributes }): Buffer {
  const all = [attributes.mode, acls.access ?? null, acls.default ?? null];
  return createHash('sha256').update(JSON.stringify(all)).digest();
}
