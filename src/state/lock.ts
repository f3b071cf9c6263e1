import { closeSync, constants, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import koffi from 'koffi';
import { reason, StateError } from './error.ts';

const LOCK_EX = 2;
const LOCK_NB = 4;
/** Longest `pid host` line that is read back. */
const HOLDER_BYTES = 300;

const flock = koffi.load('libc.so.6').func('int flock(int fd, int operation)');

/** Exclusive use of a state directory, through flock(2): the kernel lets go of it when the process ends, however it ends. */
export class DirectoryLock {
  private readonly fd: number;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** Throws {@link StateError} if another process holds it, and says which. */
  static take(directory: string, host: string): DirectoryLock {
    const path = `${directory}/lock`;
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    } catch (error) {
      throw new StateError(
        `cannot open ${path}: ${reason(error)}. Make the state directory writable for this user, or name another one.`,
      );
    }
    if (flock(fd, LOCK_EX | LOCK_NB) !== 0) {
      const error = koffi.errno();
      const holder = readHolder(fd);
      closeSync(fd);
      if (error !== koffi.os.errno.EWOULDBLOCK) {
        throw new StateError(
          `cannot lock ${path}: error ${error}. The state needs a file system that supports flock(2).`,
        );
      }
      throw new StateError(
        `the state directory ${directory} is in use by ${holder}. Stop that process, or name another state directory.`,
      );
    }
    try {
      ftruncateSync(fd, 0);
      writeSync(fd, `${process.pid} ${host}\n`, 0);
    } catch (error) {
      closeSync(fd);
      throw new StateError(
        `cannot write ${path}: ${reason(error)}. Make room for the state, or name another directory.`,
      );
    }
    return new DirectoryLock(fd);
  }

  release(): void {
    closeSync(this.fd);
  }
}

function readHolder(fd: number): string {
  const bytes = Buffer.alloc(HOLDER_BYTES);
  const line = bytes.toString('utf8', 0, readSync(fd, bytes, 0, HOLDER_BYTES, 0));
  const [, pid, host] = /^(\d+) (\S+)\n/.exec(line) ?? [];
  return pid === undefined ? 'another process' : `process ${pid} on ${host}`;
}
