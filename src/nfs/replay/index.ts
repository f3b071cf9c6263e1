import type { Exports } from '../../exports/contract.ts';
import type { Replay } from '../../rpc/index.ts';
import { type Linking, replayOfLinking } from './linking.ts';
import { beforeMaking, type Making, replayOfMaking } from './making.ts';
import { beforeRemoving, type Removing, replayOfRemoving } from './removing.ts';
import { beforeRenaming, type Renaming, replayOfRenaming } from './renaming.ts';
import { beforeSetting, replayOfSetting, type Setting } from './setting.ts';
import { beforeSettingAcls, replayOfSettingAcls, type SettingAcls } from './setting-acls.ts';

export { beforeMaking, beforeRemoving, beforeRenaming, beforeSetting, beforeSettingAcls };

/** How a row says what it does, so that it can be told after a crash whether that was done. */
export type Changing<Args, Res> =
  | { readonly making: Making<Args, Res> }
  | { readonly removing: Removing<Args, Res> }
  | { readonly renaming: Renaming<Args, Res> }
  | { readonly linking: Linking<Args, Res> }
  | { readonly setting: Setting<Args, Res> }
  | { readonly settingAcls: SettingAcls<Args, Res> };

export function replayOf<Args, Res>(
  exports: Exports,
  changing: Changing<Args, Res> | undefined,
): Replay<Args, Res> | undefined {
  if (changing === undefined) return undefined;
  if ('making' in changing) return replayOfMaking(exports, changing.making);
  if ('removing' in changing) return replayOfRemoving(exports, changing.removing);
  if ('renaming' in changing) return replayOfRenaming(exports, changing.renaming);
  if ('linking' in changing) return replayOfLinking(exports, changing.linking);
  if ('setting' in changing) return replayOfSetting(exports, changing.setting);
  return replayOfSettingAcls(exports, changing.settingAcls);
}
