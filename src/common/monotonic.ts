/**
 * Milliseconds of a clock that is never set and that all processes of a host share (CLOCK_MONOTONIC): deadlines handed
 * from one process to another are told by it. Only differences mean something, and only on one host.
 */
export type MonotonicClock = () => number;

/** The host's own. */
export const monotonic: MonotonicClock = () => {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
};
