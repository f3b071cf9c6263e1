import { readFileSync, writeFileSync } from 'node:fs';

/** What an interface needs that carries service addresses, below /proc/sys/net. */
const SETTINGS = [
  // Otherwise the kernel removes every other address of a network together with the one that came first.
  (device: string) => `ipv4/conf/${device}/promote_secondaries`,
  // Otherwise replies go on to the interface whose link is down, when a second one is in the same network.
  (device: string) => `ipv4/conf/${device}/ignore_routes_with_linkdown`,
  (device: string) => `ipv6/conf/${device}/ignore_routes_with_linkdown`,
] as const;

/**
 * Sets what {@link SETTINGS} names. An interface that is made anew has lost it, so this is for every time.
 * @returns what could not be set: in a container /proc/sys is often read-only.
 */
export function prepareDevice(device: string): string[] {
  return SETTINGS.flatMap((setting) => {
    const name = setting(device);
    try {
      const file = `/proc/sys/net/${name}`;
      if (readFileSync(file, 'latin1').trim() !== '1') writeFileSync(file, '1');
      return [];
    } catch (error) {
      // No such protocol in this kernel, or no such interface: adding the address will tell.
      return isMissing(error) ? [] : [`net/${name} is to be 1, and could not be set: ${error}`];
    }
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
