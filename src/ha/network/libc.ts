import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import koffi, { type KoffiFunc } from 'koffi';

/** The C library's socket calls, for what `node:net` and `node:dgram` cannot ask for. */
const library = koffi.load(null);

function define<Args extends unknown[]>(prototype: string): KoffiFunc<(...args: Args) => number> {
  return library.func(prototype) as KoffiFunc<(...args: Args) => number>;
}

const rawSocket = define<[family: number, type: number, protocol: number]>('int socket(int, int, int)');
const rawBind = define<[fd: number, address: Buffer, size: number]>('int bind(int, void*, unsigned int)');
const rawListen = define<[fd: number, backlog: number]>('int listen(int, int)');
const rawSetsockopt = define<[fd: number, level: number, option: number, value: Buffer, size: number]>(
  'int setsockopt(int, int, int, void*, unsigned int)',
);
const rawSendto = define<[fd: number, data: Buffer, size: number, flags: number, to: Buffer, toSize: number]>(
  'long sendto(int, void*, size_t, int, void*, unsigned int)',
);
const rawIoctl = define<[fd: number, request: number, argument: Buffer]>('int ioctl(int, unsigned long, void*)');
const rawClose = define<[fd: number]>('int close(int)');

export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_PACKET = 17;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** A socket call that failed. */
export class SocketError extends Error {
  override readonly name = 'SocketError';
  /** `EADDRINUSE` and its like. */
  readonly code: string;

  constructor(what: string, code: string, remedy?: string) {
    super(remedy === undefined ? `${what}: ${code}` : `${what}: ${code}. ${remedy}`);
    this.code = code;
  }
}

/** @returns a descriptor that does not block and that child processes do not get by themselves. */
export function socket(family: number, type: number, protocol: number): number {
  return check(rawSocket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol), 'socket');
}

export function bind(fd: number, address: Buffer, what: string): void {
  check(rawBind(fd, address, address.length), what);
}

export function listen(fd: number, backlog: number, what: string): void {
  check(rawListen(fd, backlog), what);
}

/** @param value as an `int`, or as bytes of a structure. */
export function setOption(fd: number, level: number, option: number, value: number | Buffer, what: string): void {
  const bytes = typeof value === 'number' ? int32(value) : value;
  check(rawSetsockopt(fd, level, option, bytes, bytes.length), what);
}

/** @returns false if the kernel has no room for it now. */
export function sendTo(fd: number, data: Buffer, to: Buffer, what: string): boolean {
  const sent = Number(rawSendto(fd, data, data.length, MSG_DONTWAIT | MSG_NOSIGNAL, to, to.length));
  if (sent >= 0) return true;
  const number = koffi.errno();
  if (number === constants.errno.EAGAIN || number === constants.errno.ENOBUFS) return false;
  throw new SocketError(what, getSystemErrorName(-number));
}

export function ioctl(fd: number, request: number, argument: Buffer, what: string): void {
  check(rawIoctl(fd, request, argument), what);
}

export function close(fd: number): void {
  rawClose(fd);
}

function check(result: number, what: string): number {
  if (result >= 0) return result;
  throw new SocketError(what, getSystemErrorName(-koffi.errno()));
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
