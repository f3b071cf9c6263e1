// What the suite uses of the package, which brings no types. It is CommonJS compiled from ES modules: `default` is nested.
declare module 'xdr-js-serialize' {
  /** What a value is written to; the package hands over whatever it is given. */
  export interface XdrOutput {
    write(bytes: Buffer): void;
  }
  export interface XdrInput {
    read(target: Buffer): void;
    /** Ours, for values of our own: everything that is left. */
    rest(): Buffer;
  }
  export interface XdrEncoder {
    Bool(value: boolean, io: XdrOutput): void;
  }
  export interface XdrDecoder {
    Bool(io: XdrInput): boolean;
  }
  export interface XdrValue {
    read(io: XdrInput, decoder: XdrDecoder): unknown;
    write(io: XdrOutput, encoder: XdrEncoder): void;
  }

  interface Holds<T> extends XdrValue {
    value: T;
  }
  const library: {
    readonly default: {
      readonly UInt: new (value?: number) => Holds<Buffer>;
      readonly Int: new (value?: number) => Holds<Buffer>;
      readonly UHyper: new (value?: string) => Holds<Buffer>;
      readonly Bool: new (value?: boolean) => Holds<boolean>;
      readonly Void: new () => XdrValue;
      readonly Enum: new (names: { readonly [value: number]: string }, value?: number) => Holds<number>;
      readonly FixedOpaque: new (length: number) => Holds<Buffer>;
      readonly VarOpaque: new (maxLength: number) => Holds<Buffer>;
      readonly VarArray: new (maxLength: number, blank: () => XdrValue) => XdrValue & { values: XdrValue[] };
      readonly Option: new (type: XdrValue, value: XdrValue | null) => Holds<XdrValue | null>;
      readonly Struct: new (keys: readonly string[], values: readonly XdrValue[]) => XdrValue;
      readonly Union: new (
        discriminant: Holds<number>,
        arms: { readonly [name: string]: () => XdrValue },
      ) => XdrValue & { data: XdrValue };
    };
  };
  export default library;
}

declare module 'xdr-js-serialize/dist/encode/xdr.js' {
  import type { XdrEncoder } from 'xdr-js-serialize';

  const encoder: { readonly default: new () => XdrEncoder };
  export default encoder;
}

declare module 'xdr-js-serialize/dist/decode/xdr.js' {
  import type { XdrDecoder } from 'xdr-js-serialize';

  const decoder: { readonly default: new () => XdrDecoder };
  export default decoder;
}
