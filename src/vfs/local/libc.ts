import koffi, { type KoffiFunc } from 'koffi';

/**
 * The system calls, as narrow prototypes of the C library's own functions: a wide `syscall` prototype costs five times as
 * much. Memory is handed over as Buffers that do not move (`Buffer.allocUnsafeSlow`), names as bytes ending in NUL.
 */
const library = koffi.load(null);

if (process.arch !== 'x64' && process.arch !== 'arm64') throw new Error(`steadfs: no system calls for ${process.arch}`);

/** The numbers of the calls that the C library does not wrap, or wraps for all threads at once. */
const SYS_openat2 = 437;
const SYS_quotactl_fd = 443;
const SYS_setgroups = process.arch === 'x64' ? 116 : 159;

type Memory = Buffer | null;
type Native<Args extends unknown[]> = KoffiFunc<(...args: Args) => number>;

/** Declares a function whose result is an `int`, or a `long` that is small enough to come as a number. */
function define<Args extends unknown[]>(prototype: string): Native<Args> {
  return library.func(prototype) as Native<Args>;
}

/** koffi refuses more than 64 at once; the pool has only a few threads anyway. */
const MOST_IN_POOL = 32;
let inPoolNow = 0;
const waiting: (() => void)[] = [];

/** Runs a call on the thread pool, as the server. errno does not come back: call again to learn it. */
export function inPool<Args extends unknown[]>(call: Native<Args>, ...args: Args): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = () => {
      inPoolNow += 1;
      call.async(...args, (error: Error | null, result: number) => {
        inPoolNow -= 1;
        waiting.shift()?.();
        if (error === null) resolve(Number(result));
        else reject(error);
      });
    };
    if (inPoolNow < MOST_IN_POOL) start();
    else waiting.push(start);
  });
}

/** The last call's errno: to be read before anything else is called. */
export const errno: () => number = koffi.errno;

/** Where a Buffer's memory is. */
export function addressOf(buffer: Buffer): bigint {
  return BigInt(koffi.address(buffer));
}

export const close = define<[fd: number]>('int close(int)');
export const openat = define<[fd: number, name: Buffer, flags: number, mode: number]>(
  'int openat(int, void*, int, unsigned int)',
);
const rawOpenat2 = define<[number: number, fd: number, name: Buffer, how: Buffer, size: number]>(
  'long syscall(long, int, void*, void*, size_t)',
);
export const openTree = define<[fd: number, name: Buffer, flags: number]>('int open_tree(int, void*, unsigned int)');

export const fstat = define<[fd: number, out: Buffer]>('int fstat(int, void*)');
export const fstatat = define<[fd: number, name: Buffer, out: Buffer, flags: number]>(
  'int fstatat(int, void*, void*, int)',
);
export const statx = define<[fd: number, name: Buffer, flags: number, mask: number, out: Buffer]>(
  'int statx(int, void*, int, unsigned int, void*)',
);
export const fstatfs = define<[fd: number, out: Buffer]>('int fstatfs(int, void*)');
export const faccessat = define<[fd: number, name: Buffer, mode: number, flags: number]>(
  'int faccessat(int, void*, int, int)',
);
export const readlinkat = define<[fd: number, name: Buffer, out: Buffer, size: number]>(
  'long readlinkat(int, void*, void*, size_t)',
);

export const preadv2 = define<[fd: number, vector: Buffer, count: number, offset: number, flags: number]>(
  'long preadv2(int, void*, int, int64_t, int)',
);
export const pwritev2 = define<[fd: number, vector: Buffer, count: number, offset: number, flags: number]>(
  'long pwritev2(int, void*, int, int64_t, int)',
);
export const lseek = define<[fd: number, offset: number | bigint, whence: number]>('int64_t lseek(int, int64_t, int)');
export const fcntl = define<[fd: number, command: number, argument: Buffer]>('int fcntl(int, int, void*)');
export const ftruncate = define<[fd: number, size: number]>('int ftruncate(int, int64_t)');
export const syncfs = define<[fd: number]>('int syncfs(int)');
export const getdents64 = define<[fd: number, out: Buffer, size: number]>('long getdents64(int, void*, size_t)');

export const fchmodat = define<[fd: number, name: Buffer, mode: number, flags: number]>(
  'int fchmodat(int, void*, unsigned int, int)',
);
export const fchownat = define<[fd: number, name: Buffer, uid: number, gid: number, flags: number]>(
  'int fchownat(int, void*, uint32_t, uint32_t, int)',
);
export const utimensat = define<[fd: number, name: Buffer, times: Buffer, flags: number]>(
  'int utimensat(int, void*, void*, int)',
);

export const getxattr = define<[path: Buffer, name: Buffer, out: Buffer, size: number]>(
  'long getxattr(void*, void*, void*, size_t)',
);
export const setxattr = define<[path: Buffer, name: Buffer, value: Buffer, size: number, flags: number]>(
  'int setxattr(void*, void*, void*, size_t, int)',
);
export const removexattr = define<[path: Buffer, name: Buffer]>('int removexattr(void*, void*)');
const rawQuotactlFd = define<[number: number, fd: number, command: number, id: number, out: Buffer]>(
  'long syscall(long, unsigned int, unsigned int, unsigned int, void*)',
);

export const mkdirat = define<[fd: number, name: Buffer, mode: number]>('int mkdirat(int, void*, unsigned int)');
export const mknodat = define<[fd: number, name: Buffer, mode: number, device: number]>(
  'int mknodat(int, void*, unsigned int, uint64_t)',
);
export const symlinkat = define<[target: Buffer, fd: number, name: Buffer]>('int symlinkat(void*, int, void*)');
export const linkat = define<[fromFd: number, from: Buffer, toFd: number, to: Buffer, flags: number]>(
  'int linkat(int, void*, int, void*, int)',
);
export const unlinkat = define<[fd: number, name: Buffer, flags: number]>('int unlinkat(int, void*, int)');
export const renameat = define<[fromFd: number, from: Buffer, toFd: number, to: Buffer]>(
  'int renameat(int, void*, int, void*)',
);

export const nameToHandleAt = define<[fd: number, name: Buffer, handle: Buffer, mountId: Buffer, flags: number]>(
  'int name_to_handle_at(int, void*, void*, void*, int)',
);
export const openByHandleAt = define<[mountFd: number, handle: Buffer, flags: number]>(
  'int open_by_handle_at(int, void*, int)',
);

/** These two act on the calling thread alone, and answer with the identity that was in force before. */
export const setfsuid = define<[uid: number]>('int setfsuid(uint32_t)');
export const setfsgid = define<[gid: number]>('int setfsgid(uint32_t)');
const rawSetgroups = define<[number: number, count: number, list: Memory]>('long syscall(long, size_t, void*)');
export const getgroups = define<[count: number, list: Memory]>('int getgroups(int, void*)');
export const capget = define<[header: Buffer, data: Buffer]>('int capget(void*, void*)');
export const capset = define<[header: Buffer, data: Buffer]>('int capset(void*, void*)');
export const getrlimit = define<[resource: number, out: Buffer]>('int getrlimit(int, void*)');
export const setrlimit = define<[resource: number, limit: Buffer]>('int setrlimit(int, void*)');
export const getrusage = define<[who: number, out: Buffer]>('int getrusage(int, void*)');
export const fpathconf = define<[fd: number, name: number]>('long fpathconf(int, int)');

/** This thread's supplementary groups; the C library's own setgroups would change every thread's. */
export function setgroups(count: number, list: Memory): number {
  return rawSetgroups(SYS_setgroups, count, list);
}

/** quotactl_fd(2), of Linux 5.14: by any open file, also O_PATH, where quotactl(2) wants the path of a device. */
export function quotactlFd(fd: number, command: number, id: number, out: Buffer): number {
  return Number(rawQuotactlFd(SYS_quotactl_fd, fd, command, id, out));
}

const how = Buffer.alloc(24);
const howWords = new Uint32Array(how.buffer, how.byteOffset, 6);

/** openat2(2) without O_CREAT. `resolve` is made of the RESOLVE_ flags. */
export function openat2(fd: number, name: Buffer, flags: number, resolve: number): number {
  howWords[0] = flags;
  howWords[4] = resolve;
  return rawOpenat2(SYS_openat2, fd, name, how, how.length);
}

/** The same in the pool: with memory of its own, since the next call may come before this one has run. */
export function openat2InPool(fd: number, name: Buffer, flags: number): Promise<number> {
  const own = Buffer.allocUnsafeSlow(24).fill(0);
  own.writeUInt32LE(flags, 0);
  return inPool(rawOpenat2, SYS_openat2, fd, name, own, own.length);
}

/** The empty name: the call is about the descriptor itself (AT_EMPTY_PATH). */
export const SELF = Buffer.from('\0');
export const DOT = Buffer.from('.\0');
export const DOT_DOT = Buffer.from('..\0');

const PATH_MAX = 4096;
const scratch = [Buffer.allocUnsafeSlow(PATH_MAX), Buffer.allocUnsafeSlow(PATH_MAX)] as const;

/** A name as the kernel wants it. Valid until the next call with the same `slot`; for the pool, use {@link ownCString}. */
export function cString(name: Buffer, slot: 0 | 1 = 0): Buffer {
  const out = scratch[slot];
  // Longer than any path: let the kernel say ENAMETOOLONG.
  if (name.length >= PATH_MAX) return ownCString(name);
  out.set(name, 0);
  out[name.length] = 0;
  return out;
}

/** A name that stays valid. */
export function ownCString(name: Buffer): Buffer {
  const out = Buffer.allocUnsafeSlow(name.length + 1);
  out.set(name, 0);
  out[name.length] = 0;
  return out;
}
