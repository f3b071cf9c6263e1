import { InvalidArgumentError } from 'commander';

/** A whole number within bounds. */
export function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It takes a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

/** An option that may be given several times, or once with commas. */
export function collect(text: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), ...text.split(',').filter((part) => part !== '')];
}

/** Ends the command with a message for the administrator, and no stack trace. */
export function fail(message: string): never {
  process.stderr.write(`steadfs: ${message}\n`);
  process.exit(1);
}
