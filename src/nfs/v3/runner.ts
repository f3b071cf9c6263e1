import { type Awaitable, then } from '../../common/awaitable.ts';
import type { Exports, File } from '../../exports/contract.ts';
import { type Call, type Procedure, procedure } from '../../rpc/index.ts';
import { FsError } from '../../vfs/index.ts';
import type { Xdr } from '../../xdr/index.ts';
import { type Changing, replayOf } from '../replay/index.ts';
import { type fattr3, fattr3Of } from './attributes.ts';
import { type Failure, type StatusExceptions, statusOf } from './status.ts';

interface Row<Args, Res> {
  readonly number: number;
  readonly name: string;
  readonly args: Xdr<Args>;
  readonly res: Xdr<Res>;
  readonly idempotent: boolean;
  readonly replay?: Changing<Args, Res>;
  readonly exceptions?: StatusExceptions;
}

/** A procedure about one object. */
interface FileRow<Args, Res> extends Row<Args, Res> {
  /** The object's handle. */
  object(args: Args): Buffer;
  /** The failed result. The object's attributes are those of now; undefined if they could not be had. */
  failed(status: Failure, attributes: fattr3 | undefined): Res;
  /** The procedure itself. What it throws as an {@link FsError} becomes the failed result. */
  work(file: File, args: Args, call: Call): Awaitable<Res>;
}

/** A procedure about two objects: RENAME's directories, LINK's file and directory. */
interface TwoFilesRow<Args, Res> extends Row<Args, Res> {
  objects(args: Args): readonly [Buffer, Buffer];
  failed(status: Failure, first: fattr3 | undefined, second: fattr3 | undefined): Res;
  work(first: File, second: File, args: Args, call: Call): Awaitable<Res>;
}

/** Makes the row of a procedure about one object. As long as everything is had at once, it answers at once. */
export function onFile<Args, Res>(exports: Exports, row: FileRow<Args, Res>): Procedure<Args, Res> {
  const fail = (error: unknown, file?: File): Awaitable<Res> => {
    if (!(error instanceof FsError)) throw error;
    const status = statusOf(error.code, row.exceptions);
    return then(attributesNow(file), (attributes) => row.failed(status, attributes));
  };
  const run = (file: File, args: Args, call: Call): Awaitable<Res> => {
    try {
      const res = row.work(file, args, call);
      return res instanceof Promise ? res.catch((error: unknown) => fail(error, file)) : res;
    } catch (error) {
      return fail(error, file);
    }
  };
  return procedure({
    ...pick(exports, row),
    handle(args, call) {
      let file: Awaitable<File>;
      try {
        file = exports.file(row.object(args), call);
      } catch (error) {
        return fail(error);
      }
      if (!(file instanceof Promise)) return run(file, args, call);
      return file.then(
        (found) => run(found, args, call),
        (error: unknown) => fail(error),
      );
    },
  });
}

/** Makes the row of a procedure about two objects. */
export function onTwoFiles<Args, Res>(exports: Exports, row: TwoFilesRow<Args, Res>): Procedure<Args, Res> {
  return procedure({
    ...pick(exports, row),
    handle(args, call) {
      const [firstHandle, secondHandle] = row.objects(args);
      let first: File | undefined;
      let second: File | undefined;
      const fail = (error: unknown): Awaitable<Res> => {
        if (!(error instanceof FsError)) throw error;
        const status = statusOf(error.code, row.exceptions);
        return then(attributesNow(first), (ofFirst) =>
          then(attributesNow(second), (ofSecond) => row.failed(status, ofFirst, ofSecond)),
        );
      };
      try {
        const res = then(exports.file(firstHandle, call), (file) => {
          first = file;
          return then(exports.file(secondHandle, call), (other) => {
            second = other;
            return row.work(file, other, args, call);
          });
        });
        return res instanceof Promise ? res.catch(fail) : res;
      } catch (error) {
        return fail(error);
      }
    },
  });
}

function pick<Args, Res>(exports: Exports, { number, name, args, res, idempotent, replay }: Row<Args, Res>) {
  return { number, name, args, res, idempotent, replay: replayOf(exports, replay) };
}

/** For a failed result: attributes if they can be had (RFC 1813 §3.1). */
function attributesNow(file: File | undefined): Awaitable<fattr3 | undefined> {
  if (file === undefined) return undefined;
  const { view, inode } = file;
  try {
    const attributes = view.attributes(inode);
    if (!(attributes instanceof Promise)) return fattr3Of(view, attributes);
    return attributes.then((now) => fattr3Of(view, now), withoutAttributes);
  } catch (error) {
    return withoutAttributes(error);
  }
}

function withoutAttributes(error: unknown): undefined {
  if (!(error instanceof FsError)) throw error;
  return undefined;
}
