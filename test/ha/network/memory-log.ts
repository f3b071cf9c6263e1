import type { Logger } from '../../../src/common/log.ts';

/** Keeps what is logged as lines: `warn: message`. */
export function memoryLog(): Logger & { readonly lines: string[] } {
  const lines: string[] = [];
  const at = (level: string) => (_: object, message: string) => void lines.push(`${level}: ${message}`);
  return { lines, trace: at('trace'), debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
