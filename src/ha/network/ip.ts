import { execute } from '../execute.ts';

/** Runs iproute2's `ip`. @returns what it printed; rejects with {@link IpFailed}. */
export type IpCommand = (args: readonly string[]) => Promise<string>;

export class IpFailed extends Error {
  override readonly name = 'IpFailed';
}

/** `ip` waits for the kernel's network lock only. */
const TIMEOUT_MILLISECONDS = 5000;

/** The host's own. */
export const ip: IpCommand = (args) =>
  execute(['ip', ...args], { milliseconds: TIMEOUT_MILLISECONDS }).catch((error: Error) => {
    throw new IpFailed(`ip ${args.join(' ')}: ${error.message}`);
  });

/** An IP address that an interface has. */
export interface PresentAddress {
  readonly address: string;
  readonly prefix: number;
  readonly device: string;
  /** Seconds until the kernel takes it away; undefined: it stays. */
  readonly lifetime: number | undefined;
}

/** What the kernel prints for ever. */
const FOREVER = 0xffff_ffff;

/** Reads `ip -json address show`. Throws {@link IpFailed} if it is something else. */
export function parseAddresses(json: string): PresentAddress[] {
  const links = parseList(json);
  return links.flatMap((link) => {
    // With a selector `ip` prints an empty object for each interface that has no such address.
    if (!isRecord(link) || typeof link.ifname !== 'string' || !Array.isArray(link.addr_info)) return [];
    const device = link.ifname;
    return link.addr_info.flatMap((info: unknown) => {
      if (!isRecord(info) || typeof info.local !== 'string' || typeof info.prefixlen !== 'number') return [];
      const seconds = info.valid_life_time;
      const lifetime = typeof seconds === 'number' && seconds !== FOREVER ? seconds : undefined;
      return [{ address: info.local, prefix: info.prefixlen, device, lifetime }];
    });
  });
}

function parseList(json: string): unknown[] {
  // An old `ip` prints nothing at all when there is nothing to show.
  if (json.trim() === '') return [];
  try {
    const value: unknown = JSON.parse(json);
    if (Array.isArray(value)) return value;
  } catch {
    // Told below.
  }
  throw new IpFailed(`ip -json address show printed ${JSON.stringify(json.slice(0, 200))}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
