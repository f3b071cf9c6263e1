import type { Place } from '../vfs/index.ts';

/** Below 255, so that there is always a key behind all those with the same prefix. */
const MAX_KEY = 254;
const MAX_NAME = 255;

/** Everything that places of one key begin with: its length, so that no key is the start of another, and itself. */
export function prefixOf(key: Buffer): Buffer {
  if (key.length === 0 || key.length > MAX_KEY) throw new RangeError(`an index key of ${key.length} bytes`);
  return Buffer.concat([Buffer.of(key.length), key]);
}

/** A place as one database key: the prefix, the parent's key with its length, the name. At most 765 bytes. */
export function encodePlace(prefix: Buffer, place: Place): Buffer {
  const { parent, name } = place;
  if (parent.length > MAX_KEY || name.length > MAX_NAME) {
    throw new RangeError(`a place with a key of ${parent.length} and a name of ${name.length} bytes`);
  }
  return Buffer.concat([prefix, Buffer.of(parent.length), parent, name]);
}

/** What {@link encodePlace} made, behind its prefix. The result shares memory with `encoded`. */
export function decodePlace(encoded: Buffer, prefix: Buffer): Place {
  const parentAt = prefix.length + 1;
  const nameAt = parentAt + encoded.readUInt8(prefix.length);
  return { parent: encoded.subarray(parentAt, nameAt), name: encoded.subarray(nameAt) };
}

/** The first database key behind all that begin with `prefix`. */
export function behind(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  let last = end.length - 1;
  while (end[last] === 0xff) last--;
  end[last]!++;
  return end.subarray(0, last + 1);
}
