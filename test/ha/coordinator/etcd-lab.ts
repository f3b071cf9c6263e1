import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EtcdGateway } from '../../../src/ha/coordinator/etcd-gateway.ts';
import { realTiming, withDeadline } from '../../../src/ha/coordinator/timing.ts';

const NEEDED = ['/usr/bin/etcd', '/usr/bin/etcdctl', '/usr/bin/openssl'];
const missing = NEEDED.filter((path) => !existsSync(path));
/** Why tests that need a real etcd cannot run; false if they can. */
export const lacksEtcd =
  missing.length > 0 && `${missing.join(', ')} missing: install etcd-server, etcd-client, openssl`;

const STARTS_WITHIN_MILLISECONDS = 60_000;

export interface EtcdFiles {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

interface Member {
  readonly endpoint: string;
  readonly arguments: readonly string[];
  process: ChildProcess | undefined;
}

/** A real etcd of one or more members on loopback, in a folder of its own. */
export class EtcdLab {
  readonly folder = mkdtempSync(join(tmpdir(), 'steadfs-etcd-'));
  readonly members: Member[] = [];
  /** For clients, and for the server too; undefined without TLS. */
  readonly files: EtcdFiles | undefined;

  private constructor(tls: boolean) {
    this.files = tls ? makeCertificates(this.folder) : undefined;
  }

  static async start(count: number, tls = false): Promise<EtcdLab> {
    const lab = new EtcdLab(tls);
    try {
      const ports = await freePorts(2 * count);
      const peers = ports.slice(count).map((port) => `http://127.0.0.1:${port}`);
      const cluster = peers.map((peer, index) => `m${index}=${peer}`).join(',');
      for (let index = 0; index < count; index += 1) {
        const endpoint = `${tls ? 'https' : 'http'}://127.0.0.1:${ports[index]}`;
        const peer = peers[index]!;
        const security = lab.files
          ? [
              ...['--cert-file', lab.files.certificate, '--key-file', lab.files.key],
              ...['--trusted-ca-file', lab.files.ca, '--client-cert-auth'],
            ]
          : [];
        const options = [
          ...['--name', `m${index}`, '--data-dir', join(lab.folder, `m${index}`), '--log-level', 'error'],
          ...['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint],
          ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
          ...['--initial-cluster', cluster, '--initial-cluster-token', lab.folder],
          ...security,
        ];
        lab.members.push({ endpoint, arguments: options, process: undefined });
      }
      for (const index of lab.members.keys()) lab.run(index);
      for (const index of lab.members.keys()) await lab.ready(index);
      return lab;
    } catch (error) {
      await lab.end();
      throw error;
    }
  }

  get endpoints(): string[] {
    return this.members.map(({ endpoint }) => endpoint);
  }

  /** Starts a member, again with what it had on disk. */
  run(index: number): void {
    const member = this.members[index]!;
    member.process = spawn('/usr/bin/etcd', member.arguments, { stdio: 'ignore' });
  }

  signal(index: number, signal: NodeJS.Signals): void {
    this.members[index]!.process!.kill(signal);
  }

  async kill(index: number): Promise<void> {
    const { process } = this.members[index]!;
    if (process === undefined || process.exitCode !== null || process.signalCode !== null) return;
    const exited = once(process, 'exit');
    process.kill('SIGKILL');
    await exited;
  }

  /** Waits until a member answers, and a majority stands behind it. Refusals are answers too. */
  async ready(index: number): Promise<void> {
    const file = (name: keyof EtcdFiles) => this.files?.[name];
    const access = { ca: file('ca'), certificate: file('certificate'), key: file('key') };
    const endpoints = [this.members[index]!.endpoint];
    const gateway = new EtcdGateway({ ...access, endpoints, user: undefined, passwordFile: undefined }, realTiming);
    try {
      await withDeadline(realTiming, STARTS_WITHIN_MILLISECONDS, 'etcd starts', (deadline) =>
        gateway.commit({ when: [], put: [], get: ['ready'] }, deadline),
      ).catch((error: Error) => assert.match(error.message, /refuses/));
    } finally {
      gateway.close();
    }
  }

  etcdctl(...args: string[]): string {
    const { files } = this;
    const security = files ? ['--cacert', files.ca, '--cert', files.certificate, '--key', files.key] : [];
    const options = ['--endpoints', this.endpoints.join(','), ...security];
    const env = { ...process.env, ETCDCTL_API: '3' };
    return execFileSync('/usr/bin/etcdctl', [...options, ...args], { env, encoding: 'utf8', stdio: 'pipe' });
  }

  async end(): Promise<void> {
    await Promise.all([...this.members.keys()].map((index) => this.kill(index)));
    rmSync(this.folder, { recursive: true });
  }
}

/** One certificate for servers and clients. It has no common name: etcd's gateway refuses clients with one once users have passwords. */
function makeCertificates(folder: string): EtcdFiles {
  const path = (name: string) => join(folder, name);
  const openssl = (...args: string[]) => execFileSync('/usr/bin/openssl', args, { stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  openssl('req', '-x509', ...key, '-subj', '/CN=lab', '-keyout', path('ca.key'), '-out', path('ca.pem'));
  openssl('req', ...key.slice(0, -2), '-subj', '/O=etcd', '-keyout', path('key.pem'), '-out', path('request.pem'));
  writeFileSync(path('names'), 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n');
  openssl(
    ...['x509', '-req', '-in', path('request.pem'), '-CA', path('ca.pem'), '-CAkey', path('ca.key')],
    ...['-CAcreateserial', '-days', '2', '-extfile', path('names'), '-out', path('certificate.pem')],
  );
  return { ca: path('ca.pem'), certificate: path('certificate.pem'), key: path('key.pem') };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    assert.ok(typeof address === 'object' && address !== null);
    return address.port;
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
