import { createServer, type Server } from 'node:http';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { ConfigError } from '../common/config-error.ts';
import type { AnyProcedure, Call, CallObserver } from '../rpc/index.ts';
import type { Listeners } from './listeners.ts';
import { statusName } from './trace.ts';

const SECONDS_BUCKETS = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

/** Prometheus metrics over HTTP: calls by procedure and status, their times, connections, and the process itself. */
export class Metrics implements CallObserver {
  private readonly registry = new Registry();
  private readonly server: Server;
  private listeners: Listeners | undefined;
  private readonly calls = new Counter({
    name: 'steadfs_rpc_calls_total',
    help: 'Calls answered, by procedure and RPC status',
    labelNames: ['program', 'version', 'procedure', 'status'],
    registers: [this.registry],
  });
  private readonly seconds = new Histogram({
    name: 'steadfs_rpc_seconds',
    help: 'Time from the arrival of a call to its reply',
    labelNames: ['program', 'version', 'procedure'],
    buckets: SECONDS_BUCKETS,
    registers: [this.registry],
  });

  private constructor() {
    collectDefaultMetrics({ register: this.registry });
    const metrics = this;
    new Gauge({
      name: 'steadfs_connections',
      help: 'Open TCP connections',
      registers: [this.registry],
      collect() {
        this.set(metrics.listeners?.tcp.reduce((sum, transport) => sum + transport.connectionCount, 0) ?? 0);
      },
    });
    this.server = createServer((request, response) => {
      if (request.method !== 'GET' || request.url !== '/metrics') {
        response.writeHead(404).end('see /metrics\n');
        return;
      }
      this.registry.metrics().then(
        (text) => response.writeHead(200, { 'content-type': this.registry.contentType }).end(text),
        (error) => response.writeHead(500).end(`${error}\n`),
      );
    });
  }

  /** Throws {@link ConfigError} if the address cannot be had. */
  static async start(address: { host: string; port: number }): Promise<Metrics> {
    const metrics = new Metrics();
    await new Promise<void>((resolve, reject) => {
      metrics.server.once('error', reject);
      metrics.server.listen(address, resolve);
    }).catch((error: Error) => {
      throw new ConfigError(`no metrics can be served at ${address.host} port ${address.port}: ${error.message}`);
    });
    return metrics;
  }

  watch(listeners: Listeners): void {
    this.listeners = listeners;
  }

  ended(call: Call, row: AnyProcedure, status: number, milliseconds: number): void {
    const labels = { program: call.program, version: call.version, procedure: row.name };
    this.calls.inc({ ...labels, status: statusName(status) });
    this.seconds.observe(labels, milliseconds / 1000);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}
