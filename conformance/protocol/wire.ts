/// <reference path="./xdr-js-serialize.d.ts" />
/**
 * XDR (RFC 4506) by the package `xdr-js-serialize`, as declarations that give a type, an encoder and a decoder.
 *
 * The suite does not use the server's own codec, so that a mistake there cannot hide in its mirror image. What the package
 * lacks is made up for here, and nowhere else:
 *  - Its values are objects to be filled; a `Wire` turns plain values into them and back.
 *  - Its buffer recurses once for each piece that was written (a long directory listing overflows the stack) and does not
 *    tell what was left unread. `Sink` and `Source` take its place; the package's encoder and decoder work on them.
 *  - It skips padding without looking. A decoded value is encoded again, and must give the bytes it came from: only then
 *    was the padding zero and every length honest.
 *  - Its strings are ASCII, of as many bytes as characters. Names are opaques here, shown as one character a byte.
 *  - Hypers take numbers that lost their low bits; they are given as decimal text, and read as bigint.
 *  - Its unions know no default arm; here the default is spelled out for every enumerator without an arm.
 *  - It has no linked list (`entry *next`, as in READDIR) and no "all the rest" (the results within a reply).
 */
import library, { type XdrInput, type XdrOutput, type XdrValue } from 'xdr-js-serialize';
import decoders from 'xdr-js-serialize/dist/decode/xdr.js';
import encoders from 'xdr-js-serialize/dist/encode/xdr.js';

const xdr = library.default;
const encoder = new encoders.default();
const decoder = new decoders.default();

/** Bytes that are not what the declaration says. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

class Sink implements XdrOutput {
  readonly pieces: Buffer[] = [];

  write(bytes: Buffer): void {
    this.pieces.push(bytes);
  }
}

class Source implements XdrInput {
  private readonly bytes: Buffer;
  private offset = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  read(target: Buffer): void {
    if (target.length > this.remaining) {
      throw new WireError(`${target.length} bytes expected at byte ${this.offset}, ${this.remaining} are left`);
    }
    this.bytes.copy(target, 0, this.offset);
    this.offset += target.length;
  }

  rest(): Buffer {
    const rest = this.bytes.subarray(this.offset);
    this.offset = this.bytes.length;
    return rest;
  }
}

/** One XDR type. */
export interface Wire<T> {
  /** The package's object that holds `value`. */
  of(value: T): XdrValue;
  /** An empty object to be read into, and what it held then. */
  blank(): { readonly node: XdrValue; value(): T };
  /** What it is made of, for those who make values up. */
  readonly shape: Shape;
}
export type Shape =
  | { readonly kind: 'uint32' | 'int32' | 'uint64' | 'bool' | 'nothing' | 'rest' }
  | { readonly kind: 'opaque' | 'text'; readonly max: number }
  | { readonly kind: 'fixed'; readonly length: number }
  | { readonly kind: 'enumeration'; readonly names: readonly string[] }
  | { readonly kind: 'struct'; readonly fields: Fields }
  | { readonly kind: 'optional' | 'list'; readonly item: Wire<unknown> }
  | { readonly kind: 'array'; readonly item: Wire<unknown>; readonly max: number }
  | { readonly kind: 'union'; readonly tag: string; readonly arms: { readonly [name: string]: Fields } };
export type TypeOf<W> = W extends Wire<infer T> ? T : never;

/** Fields of a struct, in the order they have on the wire. */
export type Fields = { readonly [field: string]: Wire<unknown> };
export type Values<F extends Fields> = { -readonly [K in keyof F]: TypeOf<F[K]> };

export function encode<T>(type: Wire<T>, value: T): Buffer {
  return bytesOf(type.of(value));
}

/** Throws {@link WireError} unless `bytes` are exactly one well-formed value. */
export function decode<T>(type: Wire<T>, bytes: Buffer): T {
  const source = new Source(bytes);
  const { node, value } = type.blank();
  try {
    node.read(source, decoder);
  } catch (error) {
    if (error instanceof WireError) throw error;
    throw new WireError((error as Error).message);
  }
  if (source.remaining > 0) throw new WireError(`${source.remaining} bytes are left over`);
  if (!bytesOf(node).equals(bytes)) throw new WireError('padding is not zero (RFC 4506 §4.9)');
  return value();
}

function bytesOf(node: XdrValue): Buffer {
  const sink = new Sink();
  node.write(sink, encoder);
  return Buffer.concat(sink.pieces);
}

/** A package type that holds its value in four or eight bytes. */
function number<T>(
  kind: 'uint32' | 'int32' | 'uint64',
  of: (value: T) => { value: Buffer } & XdrValue,
  zero: T,
  from: (bytes: Buffer) => T,
): Wire<T> {
  return {
    shape: { kind },
    of,
    blank: () => {
      const node = of(zero);
      return { node, value: () => from(node.value) };
    },
  };
}

export const uint32: Wire<number> = number(
  'uint32',
  (value) => new xdr.UInt(value),
  0,
  (bytes) => bytes.readUInt32BE(),
);
export const int32: Wire<number> = number(
  'int32',
  (value) => new xdr.Int(value),
  0,
  (bytes) => bytes.readInt32BE(),
);
export const uint64: Wire<bigint> = number(
  'uint64',
  (value) => new xdr.UHyper(value.toString()),
  0n,
  (bytes) => bytes.readBigUInt64BE(),
);

export const bool: Wire<boolean> = {
  shape: { kind: 'bool' },
  of: (value) => new xdr.Bool(value),
  blank: () => {
    const node = new xdr.Bool();
    return { node, value: () => node.value };
  },
};

export const nothing: Wire<undefined> = {
  shape: { kind: 'nothing' },
  of: () => new xdr.Void(),
  blank: () => ({ node: new xdr.Void(), value: () => undefined }),
};

/** Opaque of at most `max` bytes. Longer ones can be written, and are refused when read. */
export function opaque(max = 0xffff_ffff): Wire<Buffer> {
  const holding = (value: Buffer) => Object.assign(new xdr.VarOpaque(max), { value });
  return {
    shape: { kind: 'opaque', max },
    of: holding,
    blank: () => {
      const node = holding(Buffer.alloc(0));
      return { node, value: () => node.value };
    },
  };
}

export function fixed(length: number): Wire<Buffer> {
  const holding = (value: Buffer) => Object.assign(new xdr.FixedOpaque(length), { value });
  return {
    shape: { kind: 'fixed', length },
    of: holding,
    blank: () => {
      const node = holding(Buffer.alloc(length));
      return { node, value: () => node.value };
    },
  };
}

/** A string; one character for each byte, whatever the bytes are. */
export function text(max = 0xffff_ffff): Wire<string> {
  return mapped(
    { kind: 'text', max },
    opaque(max),
    (value) => Buffer.from(value, 'latin1'),
    (bytes) => bytes.toString('latin1'),
  );
}

function mapped<A, B>(shape: Shape, type: Wire<A>, to: (value: B) => A, from: (value: A) => B): Wire<B> {
  return {
    shape,
    of: (value) => type.of(to(value)),
    blank: () => {
      const { node, value } = type.blank();
      return { node, value: () => from(value()) };
    },
  };
}

/** An enumeration, by the names the RFC gives. A number without a name is refused when read. */
export interface Enumeration<N extends string> extends Wire<N> {
  readonly names: readonly N[];
  node(name: N): { value: number } & XdrValue;
  nameOf(value: number): N;
}

export function enumeration<const N extends string>(numbers: { readonly [name in N]: number }): Enumeration<N> {
  const names = Object.keys(numbers) as N[];
  const byNumber = new Map<number, N>(names.map((name) => [numbers[name], name]));
  const table = Object.fromEntries(byNumber);
  const node = (name: N) => new xdr.Enum(table, numbers[name]);
  const nameOf = (value: number): N => {
    const name = byNumber.get(value);
    if (name === undefined) throw new WireError(`${value} is none of ${names.join(', ')}`);
    return name;
  };
  const [first] = names;
  if (first === undefined) throw new Error('an enumeration without names');
  return {
    shape: { kind: 'enumeration', names },
    names,
    node,
    nameOf,
    of: node,
    blank: () => {
      const blank = node(first);
      return { node: blank, value: () => nameOf(blank.value) };
    },
  };
}

export function struct<F extends Fields>(fields: F): Wire<Values<F>> {
  const keys = Object.keys(fields);
  const types = Object.values(fields);
  return {
    shape: { kind: 'struct', fields },
    of: (value) =>
      new xdr.Struct(
        keys,
        types.map((type, index) => type.of(value[keys[index] ?? ''])),
      ),
    blank: () => {
      const blanks = types.map((type) => type.blank());
      return {
        node: new xdr.Struct(
          keys,
          blanks.map(({ node }) => node),
        ),
        value: () => Object.fromEntries(keys.map((key, index) => [key, blanks[index]?.value()])) as Values<F>,
      };
    },
  };
}

/** `T *`: a bool, and the value if it is true. */
export function optional<T>(type: Wire<T>): Wire<T | undefined> {
  return {
    shape: { kind: 'optional', item: type },
    of: (value) => {
      const node = value === undefined ? null : type.of(value);
      return new xdr.Option(node ?? type.blank().node, node);
    },
    blank: () => {
      const inner = type.blank();
      const node = new xdr.Option(inner.node, null);
      return { node, value: () => (node.value === null ? undefined : inner.value()) };
    },
  };
}

export function array<T>(type: Wire<T>, max = 0xffff_ffff): Wire<T[]> {
  return {
    shape: { kind: 'array', item: type, max },
    of: (values) => {
      const node = new xdr.VarArray(max, () => type.blank().node);
      node.values = values.map((value) => type.of(value));
      return node;
    },
    blank: () => {
      const items: { value(): T }[] = [];
      const node = new xdr.VarArray(max, () => {
        const item = type.blank();
        items.push(item);
        return item.node;
      });
      return { node, value: () => items.map((item) => item.value()) };
    },
  };
}

/** A list linked by optional pointers. */
export function list<T>(type: Wire<T>): Wire<T[]> {
  const node = (items: { node: XdrValue }[]): XdrValue => ({
    write: (io, encode) => {
      for (const item of items) {
        encode.Bool(true, io);
        item.node.write(io, encode);
      }
      encode.Bool(false, io);
    },
    read: (io, decode) => {
      while (decode.Bool(io)) {
        const item = type.blank();
        item.node.read(io, decode);
        items.push(item);
      }
    },
  });
  return {
    shape: { kind: 'list', item: type },
    of: (values) => node(values.map((value) => ({ node: type.of(value) }))),
    blank: () => {
      const items: { node: XdrValue; value(): T }[] = [];
      return { node: node(items as { node: XdrValue }[]), value: () => items.map((item) => item.value()) };
    },
  };
}

/** Everything up to the end of the message. */
export const rest: Wire<Buffer> = {
  shape: { kind: 'rest' },
  of: (value) => ({ read: () => undefined, write: (io) => io.write(value) }),
  blank: () => {
    let bytes = Buffer.alloc(0);
    return {
      node: {
        read: (io) => {
          bytes = Buffer.from(io.rest());
        },
        write: (io) => io.write(bytes),
      },
      value: () => bytes,
    };
  },
};

type Arms<N extends string> = { readonly [name in N]?: Fields };
type Arm<Tag extends string, Name extends string, F> = { [tag in Tag]: Name } & (F extends Fields ? Values<F> : never);
/** The discriminant, under the name it has, beside the fields of its arm. */
export type UnionOf<Tag extends string, N extends string, A extends Arms<N>, D extends Fields> =
  | { [name in keyof A & N]: Arm<Tag, name, A[name]> }[keyof A & N]
  | ([Exclude<N, keyof A>] extends [never] ? never : Arm<Tag, Exclude<N, keyof A>, D>);

/** A union; enumerators without an arm of their own have the `other` one. */
export function union<
  const Tag extends string,
  N extends string,
  const A extends Arms<N>,
  const D extends Fields = Record<never, never>,
>(tag: Tag, discriminant: Enumeration<N>, arms: A, other?: D): Wire<UnionOf<Tag, N, A, D>> {
  const fieldsOf = Object.fromEntries(discriminant.names.map((name) => [name, arms[name] ?? other ?? {}]));
  const structs = new Map(discriminant.names.map((name) => [name, struct(fieldsOf[name] ?? {})]));
  const armOf = (name: N) => structs.get(name) ?? struct({});
  return {
    shape: { kind: 'union', tag, arms: fieldsOf },
    of: (value) => {
      const fields: { [field: string]: unknown } = value;
      const name = fields[tag] as N;
      const node = new xdr.Union(
        discriminant.node(name),
        Object.fromEntries(discriminant.names.map((each) => [each, () => armOf(each).blank().node])),
      );
      node.data = armOf(name).of(fields);
      return node;
    },
    blank: () => {
      const enumNode = discriminant.node(discriminant.names[0] as N);
      let arm = armOf(discriminant.names[0] as N).blank();
      const blankOf = (name: N) => () => {
        arm = armOf(name).blank();
        return arm.node;
      };
      const node = new xdr.Union(enumNode, Object.fromEntries(discriminant.names.map((name) => [name, blankOf(name)])));
      return {
        node,
        value: () => ({ [tag]: discriminant.nameOf(enumNode.value), ...arm.value() }) as UnionOf<Tag, N, A, D>,
      };
    },
  };
}
