import { XdrError, type XdrReader } from './reader.ts';
import type { XdrWriter } from './writer.ts';

/** One declaration of a wire type: how it is read and how it is written. Its TypeScript type is {@link TypeOf}. */
export interface Xdr<T> {
  read(from: XdrReader): T;
  write(to: XdrWriter, value: T): void;
}

export type TypeOf<X> = X extends Xdr<infer T> ? T : never;

export const uint32: Xdr<number> = { read: (from) => from.uint32(), write: (to, value) => to.uint32(value) };
export const int32: Xdr<number> = { read: (from) => from.int32(), write: (to, value) => to.int32(value) };
export const uint64: Xdr<bigint> = { read: (from) => from.uint64(), write: (to, value) => to.uint64(value) };
export const int64: Xdr<bigint> = { read: (from) => from.int64(), write: (to, value) => to.int64(value) };
/** An unsigned hyper held as a number: exact up to 2^53, rounded above. */
export const size64: Xdr<number> = { read: (from) => from.size64(), write: (to, value) => to.size64(value) };
export const bool: Xdr<boolean> = { read: (from) => from.bool(), write: (to, value) => to.bool(value) };
export const nothing: Xdr<undefined> = { read: () => undefined, write: () => {} };

/** `opaque<max>`, also for strings: names on the wire are bytes, whatever their encoding. Read as a view. */
export function opaque(max: number): Xdr<Buffer> {
  return { read: (from) => from.opaque(max), write: (to, value) => to.opaque(value) };
}

/** `string<max>` of text that is ours to choose, such as a netid. */
export function text(max: number): Xdr<string> {
  return { read: (from) => from.opaque(max).toString('utf8'), write: (to, value) => to.opaque(Buffer.from(value)) };
}

/** `opaque[length]`. */
export function fixed(length: number): Xdr<Buffer> {
  return {
    read: (from) => from.fixed(length),
    write: (to, value) => {
      if (value.length !== length) throw new XdrError(`${value.length} bytes for an opaque[${length}]`);
      to.fixed(value);
    },
  };
}

/** `enum`: one of the values given; any other is invalid on the wire. */
export function enumeration<const V extends number>(values: readonly V[]): Xdr<V> {
  const known = new Set<number>(values);
  return {
    read: (from) => {
      const value = from.int32();
      if (!known.has(value)) throw new XdrError(`${value} is not a value of this enumeration`);
      return value as V;
    },
    write: (to, value) => to.int32(value),
  };
}

/** `type<max>`. */
export function array<T>(item: Xdr<T>, max: number): Xdr<T[]> {
  return {
    read: (from) => {
      const length = from.uint32();
      if (length > max) throw new XdrError(`an array of ${length}, where at most ${max} is allowed`);
      const items: T[] = [];
      for (let i = 0; i < length; i++) items.push(item.read(from));
      return items;
    },
    write: (to, values) => {
      to.uint32(values.length);
      for (const value of values) item.write(to, value);
    },
  };
}

/** `type *`: a boolean that says whether the value follows. */
export function optional<T>(item: Xdr<T>): Xdr<T | undefined> {
  return {
    read: (from) => (from.bool() ? item.read(from) : undefined),
    write: (to, value) => {
      to.bool(value !== undefined);
      if (value !== undefined) item.write(to, value);
    },
  };
}

/** A linked list, as `struct { ...; entry *next; }` makes it: each item behind a true, a false at the end. */
export function list<T>(item: Xdr<T>, max: number): Xdr<T[]> {
  return {
    read: (from) => {
      const items: T[] = [];
      while (from.bool()) {
        if (items.length === max) throw new XdrError(`a list of more than ${max}`);
        items.push(item.read(from));
      }
      return items;
    },
    write: (to, values) => {
      for (const value of values) {
        to.bool(true);
        item.write(to, value);
      }
      to.bool(false);
    },
  };
}

type Fields = Record<string, Xdr<unknown>>;
// biome-ignore lint/suspicious/noExplicitAny: a field's type is recovered by TypeOf; `any` lets every Xdr<T> be a field.
type AnyFields = Record<string, Xdr<any>>;
export type StructOf<F extends AnyFields> = { -readonly [K in keyof F]: TypeOf<F[K]> };

/** `struct`: the fields in the order given. */
export function struct<F extends AnyFields>(fields: F): Xdr<StructOf<F>> {
  const entries = Object.entries(fields as Fields);
  return {
    read: (from) => {
      const value: Record<string, unknown> = {};
      for (const [name, type] of entries) value[name] = type.read(from);
      return value as StructOf<F>;
    },
    write: (to, value) => {
      for (const [name, type] of entries) type.write(to, (value as Record<string, unknown>)[name]);
    },
  };
}

/**
 * `union switch`: the discriminant becomes a field called `tag`, and the arm's fields stand beside it.
 * A discriminant without an arm is invalid.
 */
export function union<Tag extends string, Arms extends Record<number, AnyFields>>(
  tag: Tag,
  arms: Arms,
): Xdr<{ [K in keyof Arms & number]: { [T in Tag]: K } & StructOf<Arms[K]> }[keyof Arms & number]> {
  const structs = new Map(Object.entries(arms).map(([value, fields]) => [Number(value), struct(fields)]));
  const armOf = (value: number) => {
    const arm = structs.get(value);
    if (arm === undefined) throw new XdrError(`${tag} ${value} is not a case of this union`);
    return arm;
  };
  return {
    read: (from) => {
      const value = from.int32();
      return Object.assign(armOf(value).read(from), { [tag]: value }) as never;
    },
    write: (to, value) => {
      const discriminant = (value as Record<string, unknown>)[tag] as number;
      to.int32(discriminant);
      armOf(discriminant).write(to, value as never);
    },
  };
}

/** The usual result: a `status` of zero brings the fields of `ok`, any other those of `fail`. */
export function result<Status extends number, Ok extends AnyFields, Fail extends AnyFields>(
  statuses: Xdr<Status>,
  ok: Ok,
  fail: Fail,
): Xdr<Result<Status, StructOf<Ok>, StructOf<Fail>>> {
  const okStruct = struct(ok);
  const failStruct = struct(fail);
  return {
    read: (from) => {
      const status = statuses.read(from);
      const body = (status === 0 ? okStruct : failStruct).read(from);
      return Object.assign(body, { status }) as never;
    },
    write: (to, value) => {
      statuses.write(to, value.status as Status);
      if (value.status === 0) okStruct.write(to, value as never);
      else failStruct.write(to, value as never);
    },
  };
}

export type Result<Status extends number, Ok, Fail> = ({ status: 0 } & Ok) | ({ status: Exclude<Status, 0> } & Fail);
