import { ConfigError } from './config-error.ts';

/** `ADDRESS:PORT`, `[IPV6]:PORT` or `PORT`, which is on loopback. Throws {@link ConfigError}. */
export function parseEndpoint(text: string, name: string): { host: string; port: number } {
  const parts = /^(?:(?:\[([^\]]+)\]|([^:]+)):)?(\d{1,5})$/.exec(text);
  const number = Number(parts?.[3]);
  if (parts === null || number > 65_535) {
    throw new ConfigError(`${name}: "${text}" is not ADDRESS:PORT; write for example 127.0.0.1:9090`);
  }
  return { host: parts[1] ?? parts[2] ?? '127.0.0.1', port: number };
}
