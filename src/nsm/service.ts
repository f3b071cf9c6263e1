import type { Logger } from '../common/log.ts';
import type { Monitor } from '../state/index.ts';
import type { Monitors } from './monitors.ts';

/** What the lock manager does when a client has rebooted. */
export interface RebootListener {
  rebooted(client: { readonly name: string; readonly address: string }, state: number): Promise<void>;
}

/** What the procedures share. */
export interface StatusService {
  readonly monitors: Monitors;
  readonly listener: RebootListener;
  /** Tells a program of this host that a host it watches has restarted. */
  tellWatcher(monitor: Monitor, state: number): Promise<void>;
  /** Acts as if this host had crashed: locks are lost, and everybody is told. */
  simulateCrash(): Promise<void>;
  readonly log: Logger;
}

/** Only programs of this host may have hosts watched. */
export function isOurs(address: string): boolean {
  return address === '::1' || address.startsWith('127.');
}
