import { type Logger as PinoLogger, pino, stdSerializers } from 'pino';
import pretty from 'pino-pretty';
import { LOG_LEVELS, type LogLevel } from '../common/log.ts';

export { LOG_LEVELS, type LogLevel };

const STDERR = 2;

/** The log goes to standard error: for people on a terminal, as JSON lines otherwise or when asked for. */
export function makeLog(level: LogLevel, json: boolean): PinoLogger {
  const options = { level, base: null, serializers: { err: stdSerializers.err } };
  if (json || !process.stderr.isTTY) return pino(options, pino.destination({ fd: STDERR, sync: true }));
  const stream = pretty({
    destination: STDERR,
    sync: true,
    translateTime: 'HH:MM:ss.l',
    hideObject: level !== 'trace',
  });
  return pino(options, stream);
}
