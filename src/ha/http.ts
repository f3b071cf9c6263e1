import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ClusterPort } from './cluster-port.ts';
import { type ClusterReport, isHeard, type PackageReport } from './report.ts';

const HEADERS_TIMEOUT_MILLISECONDS = 5000;
const MAX_CONNECTIONS = 256;

/** What `/metrics` is answered with. */
export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

/**
 * Tells load balancers and monitors how this node is, with a small JSON body. `/health`: the daemon works and hears the
 * coordinator. `/ready`: every package that this node holds, or is taking, is served. `/active/PACKAGE`: it is served here. 200 if so, 503
 * if not.
 */
export class HealthServer {
  private readonly server: Server;

  private constructor(server: Server) {
    this.server = server;
  }

  static async start(
    address: { readonly host: string; readonly port: number },
    port: ClusterPort,
    metrics?: MetricsText,
  ): Promise<HealthServer> {
    const server = createServer((request, response) => {
      const isMetrics = request.method === 'GET' && pathOf(request.url) === '/metrics';
      if (metrics !== undefined && isMetrics) void answerMetrics(metrics, response);
      else answer(port, request, response);
    });
    server.headersTimeout = HEADERS_TIMEOUT_MILLISECONDS;
    server.requestTimeout = HEADERS_TIMEOUT_MILLISECONDS;
    server.maxConnections = MAX_CONNECTIONS;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(address, resolve);
    });
    return new HealthServer(server);
  }

  /** Where it listens, with the port that was taken for port 0. */
  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }
}

interface Answer {
  readonly status: 200 | 404 | 405 | 503;
  readonly body: object;
}

async function answerMetrics(metrics: MetricsText, response: ServerResponse): Promise<void> {
  try {
    const text = await metrics.text();
    response.writeHead(200, { 'content-type': metrics.contentType }).end(text);
  } catch (error) {
    response.writeHead(500).end(`${error}\n`);
  }
}

function answer(port: ClusterPort, { method, url = '' }: IncomingMessage, response: ServerResponse): void {
  const { status, body } =
    method === 'GET' || method === 'HEAD'
      ? answerTo(port.view(), url)
      : { status: 405, body: { error: 'only GET and HEAD are answered' } };
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
  });
  response.end(method === 'HEAD' ? undefined : text);
}

/** What a path gets. */
export function answerTo(report: ClusterReport, url: string): Answer {
  const path = pathOf(url);
  if (path === '/health') return health(report);
  if (path === '/ready') return ready(report);
  const name = /^\/active\/([a-z0-9-]+)$/.exec(path)?.[1];
  const item = report.packages.find((each) => each.name === name);
  if (item !== undefined) return active(report, item);
  return { status: 404, body: { error: 'see /health, /ready and /active/PACKAGE' } };
}

function pathOf(url = ''): string {
  return url.replace(/\?.*$/s, '');
}

function health(report: ClusterReport): Answer {
  const { node, cluster, version, age } = report;
  const isHealthy = isHeard(report);
  return {
    status: isHealthy ? 200 : 503,
    body: { healthy: isHealthy, node, cluster, version, coordinator_answered_milliseconds_ago: age ?? null },
  };
}

function ready(report: ClusterReport): Answer {
  const own = report.packages.filter(
    ({ lease, action }) => action === 'take' || (lease?.state === 'held' && lease.holder === report.node),
  );
  const packages = own.map(({ name, states }) => ({ name, phase: states[report.node]?.phase ?? 'idle' }));
  const isReady = isHeard(report) && packages.every(({ phase }) => phase === 'active');
  return { status: isReady ? 200 : 503, body: { ready: isReady, node: report.node, packages } };
}

function active({ node }: ClusterReport, { name, states, active: activeNode }: PackageReport): Answer {
  const { phase = 'idle', problem } = states[node] ?? {};
  const isActive = phase === 'active';
  return {
    status: isActive ? 200 : 503,
    body: { active: isActive, package: name, node, phase, served_by: activeNode ?? null, problem: problem ?? null },
  };
}
