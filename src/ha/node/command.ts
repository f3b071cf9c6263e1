import { type ExecuteOptions, execute } from '../execute.ts';

/** A system command that did not do what it should. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

/** Runs a command as {@link execute} does. Rejects with {@link CommandFailed}. */
export function runCommand(
  command: readonly string[],
  milliseconds: number,
  more: Omit<ExecuteOptions, 'milliseconds'> = {},
): Promise<string> {
  return execute(command, { milliseconds, ...more }).catch((error: Error) => {
    throw new CommandFailed(`${command.join(' ')}: ${error.message}`);
  });
}
