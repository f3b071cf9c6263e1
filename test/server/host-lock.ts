import { closeSync, openSync } from 'node:fs';
import koffi from 'koffi';

const F_OFD_GETLK = 36;
const F_WRLCK = 1;
const F_UNLCK = 2;

const fcntl = koffi.load('libc.so.6').func('int fcntl(int fd, int command, void *lock)');

/** True if another program has a lock on a file of this host. */
export function isLocked(path: string): boolean {
  const fd = openSync(path, 'r+');
  try {
    const request = Buffer.alloc(32);
    request.writeInt16LE(F_WRLCK, 0);
    if (fcntl(fd, F_OFD_GETLK, request) !== 0) throw new Error(`fcntl: error ${koffi.errno()}`);
    return request.readInt16LE(0) !== F_UNLCK;
  } finally {
    closeSync(fd);
  }
}
