import { execFile } from 'node:child_process';

/** A daemon's PATH often lacks the folders where system commands lie. */
const SYSTEM_FOLDERS = '/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin';
const MAX_OUTPUT_BYTES = 64 << 20;
/** A killed process that has not ended after so long waits in the kernel: for a disk, or a lock. It may do so for ever. */
const END_MILLISECONDS = 500;

export interface ExecuteOptions {
  /** It is killed after so long. */
  readonly milliseconds: number;
  readonly variables?: Readonly<Record<string, string>>;
  /** Told when the process is really gone. Before that it may still do what it was to. */
  readonly ended?: () => void;
}

/**
 * Runs a system command. @returns what it printed. Rejects with an Error that has its complaint if it fails, or when its
 * time is over, also if not even SIGKILL ends it then.
 */
export function execute(
  [command = '', ...args]: readonly string[],
  { milliseconds, variables = {}, ended = () => {} }: ExecuteOptions,
): Promise<string> {
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:${SYSTEM_FOLDERS}`, LC_ALL: 'C', ...variables };
  const late = new Error(`no end within ${milliseconds / 1000} s`);
  return new Promise((resolve, reject) => {
    const stuck = setTimeout(() => reject(late), milliseconds + END_MILLISECONDS);
    execFile(
      command,
      args,
      { env, timeout: milliseconds, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES },
      (error, stdout, stderr) => {
        clearTimeout(stuck);
        ended();
        if (error === null) return resolve(stdout);
        const complaint = stderr.trim();
        if (complaint === '') reject(error.killed === true ? late : error);
        else reject(new Error(complaint));
      },
    );
  });
}
