import type { Awaitable } from '../../common/awaitable.ts';
import type { Exports, File } from '../../exports/contract.ts';
import type { Call, Replay } from '../../rpc/index.ts';
import type { BeforeRenaming, Change } from '../../vfs/index.ts';
import { opaque, optional, struct, XdrReader, XdrWriter } from '../../xdr/index.ts';
import { deciding, isFile, keeping, named, settled } from './looking.ts';

interface Place {
  readonly dir: Buffer;
  readonly name: Buffer;
}

export interface Renaming<Args, Res> {
  places(args: Args): { readonly from: Place; readonly to: Place };
  result(from: File, to: File, change: { readonly from: Change; readonly to: Change }): Awaitable<Res>;
}

/** What had the two names. */
const renameNote = struct({ source: opaque(64), target: optional(opaque(64)) });

export function beforeRenaming(call: Call, from: File): BeforeRenaming | undefined {
  return keeping(call, from, (source, target) => encode({ source: source.body, target: target?.body }));
}

/**
 * For RENAME: the old name does not stand for the file any more, and the new one stands for something else than before:
 * for the file, unless somebody moved it on.
 */
export function replayOfRenaming<Args, Res>(exports: Exports, renaming: Renaming<Args, Res>): Replay<Args, Res> {
  const look = async (args: Args, call: Call) => {
    const places = renaming.places(args);
    const from = await exports.file(places.from.dir, call);
    const to = await exports.file(places.to.dir, call);
    const [source, target] = [await named(from, places.from.name), await named(to, places.to.name)];
    return { from, to, source, target };
  };
  return {
    carriedOut: (args, note, call) =>
      deciding(async () => {
        const before = renameNote.read(new XdrReader(note));
        const { from, to, source, target } = await look(args, call);
        if (isFile(source, before.source)) return undefined;
        const isMoved = isFile(target, before.source) || !isSame(target?.inode.body, before.target);
        if (!isMoved) return undefined;
        return settled(from, [from.inode, to.inode], async () =>
          renaming.result(from, to, {
            from: { before: undefined, after: await from.view.attributes(from.inode) },
            to: { before: undefined, after: await to.view.attributes(to.inode) },
          }),
        );
      }),
  };
}

function encode(note: { source: Buffer; target: Buffer | undefined }): Buffer {
  const writer = new XdrWriter(256);
  renameNote.write(writer, note);
  return writer.toBuffer();
}

function isSame(one: Buffer | undefined, other: Buffer | undefined): boolean {
  return one === undefined || other === undefined ? one === other : one.equals(other);
}
