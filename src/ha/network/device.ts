import { writeFileSync } from 'node:fs';
import type { Logger } from '../../common/log.ts';

/** What an interface needs that carries service addresses, below /proc/sys/net. */
const SETTINGS = [
  // Otherwise the kernel removes every other address of a network together with the one that came first.
  (device: string) => `ipv4/conf/${device}/promote_secondaries`,
  // Otherwise replies go on to the interface whose link is down, when a second one is in the same network.
  (device: string) => `ipv4/conf/${device}/ignore_routes_with_linkdown`,
  (device: string) => `ipv6/conf/${device}/ignore_routes_with_linkdown`,
] as const;

/** Sets what {@link SETTINGS} names, where the process may: in a container /proc/sys is often read-only. */
export function prepareDevice(device: string, log: Pick<Logger, 'warn'>): void {
  for (const setting of SETTINGS) {
    const name = setting(device);
    try {
      writeFileSync(`/proc/sys/net/${name}`, '1');
    } catch (error) {
      // No such protocol in this kernel, or no such interface: adding the address will tell.
      if (isMissing(error)) continue;
      log.warn({ err: error, device }, `net/${name} is to be 1, and could not be set`);
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
