/** Of a token or version in a file's name, so that `ls` sorts them. */
export const DIGITS = 12;

/** A name of any characters as a file's. Reversible by `decodeURIComponent`, never hidden, never `..`. */
export function fileNameOf(name: string): string {
  const encoded = encodeURIComponent(name).replace(/^\./, '%2E');
  if (encoded === '' || encoded.length > 200) throw new Error(`"${name}" is no name for a file`);
  return encoded;
}

/** The number that a file's name consists of. */
export function numbered(name: string): number | undefined {
  return /^\d{12}$/.test(name) ? Number(name) : undefined;
}

/** A JSON object in a file that may have been read while it was written; undefined if it is none. */
export function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
