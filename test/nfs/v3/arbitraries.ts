import type { fattr3, wcc_data } from '../../../src/nfs/v3/attributes.ts';
import type { createhow3, entryplus3, mknoddata3, sattr3, set_time } from '../../../src/nfs/v3/types.ts';
import { FileType, MAX_OFFSET } from '../../../src/vfs/index.ts';
import fc from '../../properties.ts';

/** Values of the wire types, edges included. */

/** Plain objects, as decoding makes them. */
export function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true }) as fc.Arbitrary<T>;
}

export const word = fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff));
export const size = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 1, 0xffff_ffff, 0x1_0000_0000, MAX_OFFSET));
export const hyper = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
export const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((value) => Buffer.from(value));
export const handle = bytes(0, 64);
export const name = bytes(0, 300);
export const verifier = bytes(8, 8);
export const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

export const attributes: fc.Arbitrary<fattr3> = record({
  type: fc.constantFrom(...Object.values(FileType)),
  mode: word,
  nlink: word,
  uid: word,
  gid: word,
  size,
  used: size,
  rdevMajor: word,
  rdevMinor: word,
  fsidHigh: word,
  fsidLow: word,
  fileidHigh: word,
  fileidLow: word,
  atimeSeconds: word,
  atimeNanoseconds: word,
  mtimeSeconds: word,
  mtimeNanoseconds: word,
  ctimeSeconds: word,
  ctimeNanoseconds: word,
});

export const wcc: fc.Arbitrary<wcc_data> = record({
  before: maybe(
    record({ size, mtimeSeconds: word, mtimeNanoseconds: word, ctimeSeconds: word, ctimeNanoseconds: word }),
  ),
  after: maybe(attributes),
});

export const time = record({ seconds: word, nseconds: word });

const setTime: fc.Arbitrary<set_time> = fc.oneof(
  fc.constant({ set_it: 0 as const }),
  fc.constant({ set_it: 1 as const }),
  time.map((value) => ({ set_it: 2 as const, time: value })),
);

export const newAttributes: fc.Arbitrary<sattr3> = record({
  mode: maybe(word),
  uid: maybe(word),
  gid: maybe(word),
  size: maybe(size),
  atime: setTime,
  mtime: setTime,
});

export const diropargs = record({ dir: handle, name });

export const how: fc.Arbitrary<createhow3> = fc.oneof(
  newAttributes.map((obj_attributes) => ({ mode: 0 as const, obj_attributes })),
  newAttributes.map((obj_attributes) => ({ mode: 1 as const, obj_attributes })),
  verifier.map((verf) => ({ mode: 2 as const, verf })),
);

const device = record({
  dev_attributes: newAttributes,
  spec: record({ specdata1: word, specdata2: word }),
});

export const node: fc.Arbitrary<mknoddata3> = fc.oneof(
  record({ type: fc.constantFrom(FileType.CHR, FileType.BLK), device, pipe: fc.constant(undefined) }),
  record({
    type: fc.constantFrom(FileType.SOCK, FileType.FIFO),
    device: fc.constant(undefined),
    pipe: record({ pipe_attributes: newAttributes }),
  }),
  record({
    type: fc.constantFrom(0, FileType.REG, FileType.DIR, FileType.LNK, 8, 0xffff_ffff),
    device: fc.constant(undefined),
    pipe: fc.constant(undefined),
  }),
);

export const entryplus: fc.Arbitrary<entryplus3> = record({
  fileid: hyper,
  name,
  cookie: hyper,
  name_attributes: maybe(attributes),
  name_handle: maybe(handle),
});
