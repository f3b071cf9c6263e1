import { mkdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Logger } from '../common/log.ts';
import { clusterHandlers } from '../ha/cluster-admin.ts';
import type { ClusterConfig } from '../ha/config.ts';
import { HealthServer } from '../ha/http.ts';
import { NodeDaemon } from '../ha/node/daemon.ts';
import { hostParts } from '../ha/node/parts.ts';
import { AdminServer, AdminUnreachable, askServer } from './admin.ts';
import { ConfigError } from './config.ts';
import { NodeMetrics } from './node-metrics.ts';

/** Of nice(1). What else runs on a node must not keep it from renewing its leases; server processes inherit it. */
const PRIORITY = -10;

/** `steadfs node`: the node daemon, with its admin socket and its health endpoints. */
export class ClusterNode {
  private readonly daemon: NodeDaemon;
  private readonly admin: AdminServer;
  private readonly health: HealthServer | undefined;
  private closed: Promise<void> | undefined;

  private constructor(daemon: NodeDaemon, admin: AdminServer, health: HealthServer | undefined) {
    this.daemon = daemon;
    this.admin = admin;
    this.health = health;
  }

  /** @param json server processes log as JSON. Rejects with what the administrator is to know. */
  static async start(config: ClusterConfig, log: Logger, json: boolean): Promise<ClusterNode> {
    mkdirSync(config.runDirectory, { recursive: true, mode: 0o700 });
    await refuseSecond(config.runDirectory);
    raisePriority(log);
    const observer = config.http === undefined ? undefined : new NodeMetrics();
    const daemon = await NodeDaemon.start(config, log, { ...(await hostParts(config, log, json)), observer });
    observer?.watch(daemon);
    const opened: { close(): Promise<void> }[] = [daemon];
    try {
      const admin = await AdminServer.start(config.runDirectory, clusterHandlers(daemon));
      opened.push(admin);
      const health = config.http === undefined ? undefined : await HealthServer.start(config.http, daemon, observer);
      return new ClusterNode(daemon, admin, health);
    } catch (error) {
      for (const part of opened.reverse()) await part.close();
      throw error;
    }
  }

  /** Has the servers read their exports again. */
  reload(config: ClusterConfig): void {
    this.daemon.reload(config);
  }

  /** Moves the packages away, and ends; it can be asked meanwhile. Called again, it waits for no other node any more. */
  close(): Promise<void> {
    const ended = this.daemon.close();
    this.closed ??= ended.then(async () => {
      await this.health?.close();
      await this.admin.close();
    });
    return this.closed;
  }
}

function raisePriority(log: Logger): void {
  try {
    setPriority(PRIORITY);
  } catch (error) {
    log.info({ err: error }, 'the priority stays as it is: on a busy host, leases may be lost');
  }
}

/** Two daemons would take each other's addresses away. The socket of one that is stopped or hangs still takes connections. */
async function refuseSecond(runDirectory: string): Promise<void> {
  try {
    await askServer(runDirectory, 'GET /cluster');
  } catch (error) {
    if (error instanceof AdminUnreachable && error.code !== 'ETIMEDOUT') return;
  }
  throw new ConfigError(`a node daemon runs on ${runDirectory} already; end it, or give this one another run folder`);
}
