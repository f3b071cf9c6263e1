import { procedure } from '../../rpc/index.ts';
import { nothing } from '../../xdr/index.ts';
import type { StatusService } from '../service.ts';
import { SM_NOTIFY, stat_chge } from '../types.ts';

/**
 * SM_NOTIFY: a host has restarted, so its locks are free. Anybody could say so of anybody else: only the address that the
 * host locked from is believed, and each state number once.
 */
export const notify = (service: StatusService) =>
  procedure({
    number: SM_NOTIFY,
    name: 'SM_NOTIFY',
    args: stat_chge,
    res: nothing,
    idempotent: true,
    handle: async ({ mon_name, state }, { peer }) => {
      const { monitors, listener, log } = service;
      const name = mon_name.toString('latin1');
      const meant = monitors.at(peer.address, name);
      if (meant.length === 0)
        log.info({ client: name, address: peer.address }, 'a restart of a host that has no locks');
      for (const monitor of meant) {
        if (!monitors.isNews(monitor, state)) continue;
        if (monitor.watcher === undefined) await listener.rebooted(monitor, state);
        else void service.tellWatcher(monitor, state);
        await monitors.heard(monitor, state);
      }
      return undefined;
    },
  });
