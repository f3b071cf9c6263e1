import { execFile } from 'node:child_process';

/** A system command that did not do what it should. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

/** A daemon's PATH often lacks the folders where system commands lie. */
const SYSTEM_FOLDERS = '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin';

/** Runs a command to its end. @returns what it printed. Rejects with {@link CommandFailed} if it fails, or is killed because it takes too long. */
export function runCommand(
  [command = '', ...args]: readonly string[],
  milliseconds: number,
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:${SYSTEM_FOLDERS}`, LC_ALL: 'C', ...variables };
  return new Promise((resolve, reject) => {
    execFile(command, args, { env, timeout: milliseconds, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const late = error.killed === true ? `no end within ${milliseconds / 1000} s` : error.message;
      const reason = stderr.trim() === '' ? late : stderr.trim();
      reject(new CommandFailed(`${[command, ...args].join(' ')}: ${reason}`));
    });
  });
}
