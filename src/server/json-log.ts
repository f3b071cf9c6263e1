import { type LoggerOptions, type Logger as PinoLogger, pino, stdSerializers } from 'pino';
import type { LogLevel } from '../common/log.ts';

export const STDERR = 2;

export function logOptions(level: LogLevel): LoggerOptions {
  return { level, base: null, serializers: { err: stdSerializers.err } };
}

/** The log as JSON lines on standard error. Apart from the log for people, which takes a while to load. */
export function makeJsonLog(level: LogLevel): PinoLogger {
  return pino(logOptions(level), pino.destination({ fd: STDERR, sync: true }));
}
