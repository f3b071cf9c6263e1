import { nothing, type Wire } from '../wire.ts';

/** One procedure: its number, and what goes in and out. */
export interface Procedure<Args, Res> {
  readonly number: number;
  readonly args: Wire<Args>;
  readonly res: Wire<Res>;
}
// biome-ignore lint/suspicious/noExplicitAny: a table holds procedures of every type, and Wire is invariant.
type Procedures = { readonly [name: string]: Procedure<any, any> };

/** One version of a program, with its procedures under the names the RFC gives. */
export interface Program<P extends Procedures = Procedures> {
  /** As in reports: `NFSv3`. */
  readonly name: string;
  readonly program: number;
  readonly version: number;
  readonly procedures: P;
}

export function program<P extends Procedures>(name: string, program: number, version: number, procedures: P) {
  return { name, program, version, procedures } satisfies Program<P>;
}

export function procedure<Args = undefined, Res = undefined>(
  number: number,
  args?: Wire<Args>,
  res?: Wire<Res>,
): Procedure<Args, Res> {
  return { number, args: args ?? (nothing as Wire<Args>), res: res ?? (nothing as Wire<Res>) };
}
