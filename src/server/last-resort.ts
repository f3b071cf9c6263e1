import koffi, { type LibraryHandle } from 'koffi';

const CLOCK_BOOTTIME = 7;
const SIGKILL = 9;
const SIGEV_SIGNAL = 0;
/** `struct sigevent`: value, signal, how to notify, ... */
const EVENT_BYTES = 64;
const SIGNAL_AT = 8;
const NOTIFY_AT = 12;
/** `struct itimerspec`: interval and value, each of seconds and nanoseconds. */
const TIME_BYTES = 32;
const SECONDS_AT = 16;
const NANOSECONDS_AT = 24;

/**
 * A timer of the kernel that kills this process when it runs out (timer_create(2)): also one that is stopped, that hangs
 * in a loop, or that wakes up after its host was suspended.
 */
export class LastResort {
  private readonly timer: unknown;
  private readonly time = Buffer.alloc(TIME_BYTES);
  private readonly settime: (timer: unknown, flags: number, value: Buffer, before: null) => number;

  constructor() {
    const libc = timersLibrary();
    const create = libc.func('int timer_create(int clock, void *event, _Out_ void **timer)');
    this.settime = libc.func('int timer_settime(void *timer, int flags, void *value, void *before)');
    const event = Buffer.alloc(EVENT_BYTES);
    event.writeInt32LE(SIGKILL, SIGNAL_AT);
    event.writeInt32LE(SIGEV_SIGNAL, NOTIFY_AT);
    const made: unknown[] = [null];
    if (create(CLOCK_BOOTTIME, event, made) !== 0) throw new Error(`timer_create: error ${koffi.errno()}`);
    [this.timer] = made;
  }

  /** Kills the process so many milliseconds from now, instead of when it was to be killed so far. */
  set(milliseconds: number): void {
    const nanoseconds = BigInt(Math.max(1, Math.round(milliseconds * 1e6)));
    this.time.writeBigInt64LE(nanoseconds / 1_000_000_000n, SECONDS_AT);
    this.time.writeBigInt64LE(nanoseconds % 1_000_000_000n, NANOSECONDS_AT);
    this.arm();
  }

  disarm(): void {
    this.time.fill(0);
    this.arm();
  }

  private arm(): void {
    if (this.settime(this.timer, 0, this.time, null) !== 0) throw new Error(`timer_settime: error ${koffi.errno()}`);
  }
}

/** Before glibc 2.34 timers have a library of their own. */
function timersLibrary(): LibraryHandle {
  const libc = koffi.load('libc.so.6');
  try {
    libc.func('int timer_create(int clock, void *event, _Out_ void **timer)');
    return libc;
  } catch {
    return koffi.load('librt.so.1');
  }
}
