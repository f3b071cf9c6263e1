import { inspect, isDeepStrictEqual } from 'node:util';

/** The server did something else than the case expects. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';
  readonly expected: string;
  readonly came: string;

  constructor(expected: string, came: string) {
    super(`expected ${expected}; came ${came}`);
    this.expected = expected;
    this.came = came;
  }
}

/** The case cannot be tried here. The reason goes into the report. */
export class NotApplicable extends Error {
  override readonly name = 'NotApplicable';
}

/** Throws {@link Mismatch} unless `condition` holds. Both texts complete the sentence: expected ..., came .... */
export function check(condition: boolean, expected: string, came: string): asserts condition {
  if (!condition) throw new Mismatch(expected, came);
}

export function equal<T>(what: string, actual: T, expected: T): void {
  check(isDeepStrictEqual(actual, expected), `${what} ${show(expected)}`, show(actual));
}

export function present<T>(what: string, value: T | undefined): T {
  check(value !== undefined, `${what} to be told`, 'none');
  return value;
}

const FINE = ['NFS3_OK', 'NFS_OK', 'Q_OK', 'OK'] as const;
type Fine = (typeof FINE)[number];
interface HasStatus {
  readonly status: string;
}

/** The result of a call that has to succeed. */
export function ok<R extends HasStatus>(res: R): Extract<R, { readonly status: Fine }> {
  const isFine = (result: HasStatus): result is Extract<R, { readonly status: Fine }> =>
    FINE.some((status) => status === result.status);
  if (isFine(res)) return res;
  throw new Mismatch('success', res.status);
}

/** The result of a call that has to fail with one of these. */
export function fails<R extends HasStatus, S extends R['status'] & string>(
  res: R,
  ...statuses: readonly S[]
): Exclude<R, { readonly status: Fine }> {
  check(
    statuses.some((status) => status === res.status),
    statuses.join(' or '),
    res.status,
  );
  return res as Exclude<R, { readonly status: Fine }>;
}

/** A value as reports print it: short, and bytes in hexadecimal. */
export function show(value: unknown): string {
  if (Buffer.isBuffer(value)) return hex(value);
  const text = inspect(value, { depth: 4, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 120 });
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)} ...` : text;
}

const MOST_SHOWN = 600;
const MOST_BYTES_SHOWN = 64;

function hex(bytes: Buffer): string {
  const shown = bytes.subarray(0, MOST_BYTES_SHOWN).toString('hex');
  return bytes.length > MOST_BYTES_SHOWN ? `${shown}... (${bytes.length} bytes)` : `0x${shown}`;
}
