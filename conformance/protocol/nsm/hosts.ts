import { networkInterfaces } from 'node:os';
import type { Context } from '../context.ts';
import { check, NotApplicable } from '../expect.ts';
import { NSM1 } from '../programs/nsm.ts';
import { authSys, type Client, client } from '../rpc/client.ts';
import { ROOT } from '../target.ts';

export type Nsm = Client<typeof NSM1>;

/** The status monitor, as root; from one of this host's addresses, if one is given. */
export async function statusMonitor(t: Context, localAddress?: string): Promise<Nsm> {
  const options = localAddress === undefined ? {} : { localAddress };
  return client(NSM1, await t.tcp(NSM1, options), authSys(ROOT));
}

/** Only programs of the server's own host may have hosts watched. */
export async function ownHost(t: Context): Promise<Nsm> {
  if (!(await isOnLoopback(t))) throw new NotApplicable('the suite does not run on the host of the server');
  return statusMonitor(t);
}

/** Somebody who is not on the server's host, or at least does not come from its loopback. */
export async function stranger(t: Context): Promise<Nsm> {
  if (!(await isOnLoopback(t))) return statusMonitor(t);
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const outside = addresses.find(({ internal, family }) => !internal && family === 'IPv4');
  if (outside === undefined) throw new NotApplicable('this host has no address but loopback');
  return statusMonitor(t, outside.address);
}

async function isOnLoopback(t: Context): Promise<boolean> {
  const { localAddress } = await t.tcp(NSM1);
  return localAddress.startsWith('127.') || localAddress === '::1';
}

/** A state number of a host that is up is odd (XNFS, Network Status Monitor). */
export function isUp(state: number): void {
  check((state & 1) === 1, 'an odd state number', `${state}`);
}
