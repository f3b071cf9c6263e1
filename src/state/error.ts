/**
 * The durable state cannot be used. The message is for the administrator: it names the file, what is wrong with it,
 * and the way out.
 */
export class StateError extends Error {
  override readonly name = 'StateError';
}

/** The reason out of a system call's error: `EACCES: permission denied, open ...` becomes `permission denied`. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const parts = /^E[A-Z0-9]+: ([^,]+),/.exec(error.message);
  return parts?.[1] ?? error.message;
}
