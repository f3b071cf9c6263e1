/**
 * Milliseconds of a clock that is never set and that all processes of a host share (CLOCK_MONOTONIC): deadlines handed
 * from one process to another are told by it. Only differences mean something, and only on one host.
 */
export type MonotonicClock = () => number;

const [seconds, nanoseconds] = process.hrtime();
/** `performance.now()` is the same clock, counted from the start of the process, and costs the least to read. */
const origin = seconds * 1000 + nanoseconds / 1e6 - performance.now();
const sinceStart = performance.now.bind(performance);

/** The host's own. */
export const monotonic: MonotonicClock = () => origin + sinceStart();
