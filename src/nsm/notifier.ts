import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../common/log.ts';
import type { RpcClient } from '../rpc/index.ts';
import type { Monitor } from '../state/index.ts';
import { nothing } from '../xdr/index.ts';
import type { Monitors } from './monitors.ts';
import { SM_NOTIFY, SM_PRIV_BYTES, SM_PROG, SM_VERS, stat_chge, status } from './types.ts';

export interface NotifierOptions {
  readonly monitors: Monitors;
  /** Reaches a program of a host over UDP, from one of our addresses. The caller closes it. */
  connect(to: { host: string; localAddress: string | undefined; program: number; version: number }): Promise<RpcClient>;
  /** The names that this server may have been mounted by, besides the address that the client spoke to. */
  readonly names: readonly string[];
  /** A client knows of the loss. */
  told(monitor: Monitor): void;
  readonly log: Logger;
  readonly times?: NotifierTimes;
}

export interface NotifierTimes {
  /** Milliseconds that a host gets to answer. */
  readonly answer: number;
  /** Milliseconds until the second try; each further one takes twice as long. */
  readonly retry: number;
  /** Milliseconds after which a host is given up. */
  readonly giveUp: number;
}

const TIMES: NotifierTimes = { answer: 5000, retry: 1000, giveUp: 15 * 60_000 };
const LONGEST_PAUSE_MS = 60_000;

/** Tells the monitored hosts that their locks were lost here (what sm-notify does after a reboot). */
export class Notifier {
  private readonly options: NotifierOptions;
  private readonly times: NotifierTimes;
  private readonly stopping = new AbortController();

  constructor(options: NotifierOptions) {
    this.options = options;
    this.times = options.times ?? TIMES;
  }

  /** Tells all that do not know our state number yet, each in its own time. Returns at once. */
  start(): void {
    const { monitors } = this.options;
    for (const monitor of monitors.list()) if (monitor.told !== monitors.state) void this.tellUntilDone(monitor);
  }

  /** Tells a program of this host about another host's restart. Tried once: it asks again when it needs to. */
  async tellWatcher({ name, watcher }: Monitor, state: number): Promise<void> {
    if (watcher === undefined) return;
    const { program, version, procedure, cookie } = watcher;
    const priv = Buffer.concat([Buffer.from(cookie, 'hex')], SM_PRIV_BYTES);
    const args = { mon_name: Buffer.from(name, 'latin1'), state, priv };
    try {
      await this.call('127.0.0.1', undefined, program, version, (client) =>
        client.call(program, version, procedure, status, args, nothing, { timeout: this.times.answer }),
      );
    } catch (error) {
      this.options.log.warn({ program, host: name, reason: String(error) }, 'a program could not be told of a restart');
    }
  }

  close(): void {
    this.stopping.abort();
  }

  private async tellUntilDone(monitor: Monitor): Promise<void> {
    const { log, told } = this.options;
    const { name, address } = monitor;
    const started = performance.now();
    for (let pause = this.times.retry; !this.stopping.signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const done = await this.tell(monitor).catch((error: unknown) => {
        log.debug(
          { client: name, address, reason: String(error) },
          'a client could not be told yet that its locks were lost',
        );
        return false;
      });
      if (done) {
        log.info({ client: name, address }, 'a client was told that its locks were lost');
        await this.tellNoMore(monitor);
        told(monitor);
        return;
      }
      if (performance.now() - started >= this.times.giveUp) {
        log.warn({ client: name, address }, 'a client could not be told that its locks were lost, and is given up');
        // It stays watched: it may have got locks since, and then its own restarts are to be heard.
        await this.tellNoMore(monitor);
        return;
      }
      await sleep(pause, undefined, { signal: this.stopping.signal, ref: false }).catch(() => {});
    }
  }

  private async tellNoMore(monitor: Monitor): Promise<void> {
    const { monitors, log } = this.options;
    try {
      await monitors.keep({ ...(monitors.find(monitor) ?? monitor), told: monitors.state });
    } catch (error) {
      log.error({ client: monitor.name, reason: String(error) }, 'who was told of lost locks cannot be written down');
    }
  }

  private async tell({ name, address, localAddress }: Monitor): Promise<boolean> {
    const { monitors, names } = this.options;
    const host = address === '' ? name : address;
    const from = localAddress === '' ? undefined : localAddress;
    // A client knows us by the name it mounted from or by our address; statd looks for both, others for one of them.
    const known = new Set([...(from === undefined ? [] : [from]), ...names]);
    await this.call(host, from, SM_PROG, SM_VERS, async (client) => {
      for (const mon_name of known) {
        const args = { mon_name: Buffer.from(mon_name), state: monitors.state };
        await client.call(SM_PROG, SM_VERS, SM_NOTIFY, stat_chge, args, nothing, { timeout: this.times.answer });
      }
    });
    return true;
  }

  private async call(
    host: string,
    localAddress: string | undefined,
    program: number,
    version: number,
    run: (client: RpcClient) => Promise<unknown>,
  ): Promise<void> {
    const client = await this.options.connect({ host, localAddress, program, version });
    try {
      await run(client);
    } finally {
      client.close();
    }
  }
}
