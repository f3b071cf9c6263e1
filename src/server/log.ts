import { type Logger as PinoLogger, pino } from 'pino';
import pretty from 'pino-pretty';
import { LOG_LEVELS, type LogLevel } from '../common/log.ts';
import { logOptions, makeJsonLog, STDERR } from './json-log.ts';

export { LOG_LEVELS, type LogLevel };

/** The log goes to standard error: for people on a terminal, as JSON lines otherwise or when asked for. */
export function makeLog(level: LogLevel, json: boolean): PinoLogger {
  return json || !process.stderr.isTTY ? makeJsonLog(level) : makePrettyLog(level, STDERR);
}

/** A line for each message, with its details behind it: who mounted what, and why not. */
export function makePrettyLog(level: LogLevel, destination: number | NodeJS.WritableStream): PinoLogger {
  const stream = pretty({ destination, sync: true, translateTime: 'HH:MM:ss.l', singleLine: true });
  return pino(logOptions(level), stream);
}
