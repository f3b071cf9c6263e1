import { type Awaitable, then } from '../../common/awaitable.ts';
import type { Exports, File } from '../../exports/contract.ts';
import { type Call, NO_REPLY, type Procedure, procedure } from '../../rpc/index.ts';
import { type Attributes, FsError, type Inode } from '../../vfs/index.ts';
import type { Xdr } from '../../xdr/index.ts';
import { type Changing, replayOf } from '../replay/index.ts';
import { fattrOf } from './attributes.ts';
import { type Failure, NFS_OK, SILENCE, type StatusExceptions, statusOf } from './status.ts';
import type { diropres } from './types.ts';

interface Row<Args, Res> {
  readonly number: number;
  readonly name: string;
  readonly args: Xdr<Args>;
  readonly res: Xdr<Res>;
  readonly idempotent: boolean;
  readonly replay?: Changing<Args, Res>;
  readonly exceptions?: StatusExceptions;
  /** The failed result: always {@link failed}, where the compiler sees that it is one of `res`. */
  failed(status: Failure): Res;
}

/** A procedure about one object. */
interface FileRow<Args, Res> extends Row<Args, Res> {
  /** The object's handle. */
  object(args: Args): Buffer;
  /** The procedure itself. What it throws as an {@link FsError} becomes the failed result. */
  work(file: File, args: Args, call: Call): Awaitable<Res>;
}

/** A procedure about two objects: RENAME's directories, LINK's file and directory. */
interface TwoFilesRow<Args, Res> extends Row<Args, Res> {
  objects(args: Args): readonly [Buffer, Buffer];
  work(first: File, second: File, args: Args, call: Call): Awaitable<Res>;
}

/** A failed result of NFSv2 has a status and nothing else. */
export function failed(status: Failure) {
  return { status };
}

/** Makes the row of a procedure about one object. */
export function onFile<Args, Res>(exports: Exports, row: FileRow<Args, Res>): Procedure<Args, Res> {
  return answering(exports, row, (args, call) =>
    then(exports.file(row.object(args), call), (file) => row.work(file, args, call)),
  );
}

/** Makes the row of a procedure about two objects. */
export function onTwoFiles<Args, Res>(exports: Exports, row: TwoFilesRow<Args, Res>): Procedure<Args, Res> {
  return answering(exports, row, (args, call) => {
    const [first, second] = row.objects(args);
    return then(exports.file(first, call), (firstFile) =>
      then(exports.file(second, call), (secondFile) => row.work(firstFile, secondFile, args, call)),
    );
  });
}

function answering<Args, Res>(
  exports: Exports,
  row: Row<Args, Res>,
  run: (args: Args, call: Call) => Awaitable<Res>,
): Procedure<Args, Res> {
  const { number, name, args, res, idempotent, replay } = row;
  const fail = (error: unknown): Res | typeof NO_REPLY => {
    if (!(error instanceof FsError)) throw error;
    const status = statusOf(error.code, row.exceptions);
    return status === SILENCE ? NO_REPLY : row.failed(status);
  };
  return procedure<Args, Res>({
    ...{ number, name, args, res, idempotent, replay: replayOf(exports, replay) },
    handle(given, call) {
      try {
        const answer = run(given, call);
        return answer instanceof Promise ? answer.catch(fail) : answer;
      } catch (error) {
        return fail(error);
      }
    },
  });
}

/** A successful `diropres`: the file's handle and attributes. */
export function foundFile(exports: Exports, { view, inode }: File, attributes: Attributes): Awaitable<diropres> {
  return then(exports.handle32Of(view, inode), (file) => ({
    status: NFS_OK,
    file,
    attributes: fattrOf(view, attributes),
  }));
}

/** The same for an object just made in a directory. */
export function madeFile(exports: Exports, { view }: File, made: { inode: Inode; attributes: Attributes }) {
  return foundFile(exports, { view, inode: made.inode }, made.attributes);
}
