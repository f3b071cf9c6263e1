import { type Logger as PinoLogger, pino } from 'pino';
import pretty from 'pino-pretty';
import { LOG_LEVELS, type LogLevel } from '../common/log.ts';
import { logOptions, makeJsonLog, STDERR } from './json-log.ts';

export { LOG_LEVELS, type LogLevel };

/** The log goes to standard error: for people on a terminal, as JSON lines otherwise or when asked for. */
export function makeLog(level: LogLevel, json: boolean): PinoLogger {
  if (json || !process.stderr.isTTY) return makeJsonLog(level);
  const stream = pretty({
    destination: STDERR,
    sync: true,
    translateTime: 'HH:MM:ss.l',
    hideObject: level !== 'trace',
  });
  return pino(logOptions(level), stream);
}
