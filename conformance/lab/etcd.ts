import { join } from 'node:path';
import type { Lab } from './lab.ts';
import { ServerProcess } from './server-process.ts';

const CLIENT_PORT = 2379;
const PEER_PORT = 2380;

/** A cluster of etcd members, each on an address of its own. */
export class EtcdCluster {
  readonly endpoints: readonly string[];
  private readonly lab: Lab;
  private readonly hosts: readonly string[];
  private readonly members: (ServerProcess | undefined)[] = [];

  private constructor(lab: Lab, hosts: readonly string[]) {
    this.lab = lab;
    this.hosts = hosts;
    this.endpoints = hosts.map((host) => `http://${host}:${CLIENT_PORT}`);
  }

  /** Starts a member on each of the lab's addresses, which are added to its bridge as needed. */
  static async start(lab: Lab, size = 1): Promise<EtcdCluster> {
    const hosts = Array.from({ length: size }, (_, index) => `10.99.0.${51 + index}`);
    for (const host of hosts) await lab.exec('ip', ['address', 'add', `${host}/24`, 'dev', 'br0']);
    const cluster = new EtcdCluster(lab, hosts);
    await Promise.all(hosts.map((_, index) => cluster.startMember(index)));
    return cluster;
  }

  /** Starts a member that was never started, or was killed. */
  async startMember(index: number): Promise<void> {
    const host = this.hosts[index];
    const initial = this.hosts.map((each, other) => `m${other}=http://${each}:${PEER_PORT}`);
    this.members[index] = await ServerProcess.start(this.lab.namespace, {
      command: 'etcd',
      args: [
        ...['--name', `m${index}`, '--data-dir', join(this.lab.folder, `etcd-${index}`)],
        ...['--listen-client-urls', `http://${host}:${CLIENT_PORT}`],
        ...['--advertise-client-urls', `http://${host}:${CLIENT_PORT}`],
        ...['--listen-peer-urls', `http://${host}:${PEER_PORT}`],
        ...['--initial-advertise-peer-urls', `http://${host}:${PEER_PORT}`],
        ...['--initial-cluster', initial.join(','), '--initial-cluster-state', 'new'],
      ],
      ready: /ready to serve client requests/,
    });
  }

  async killMember(index: number): Promise<void> {
    await this.members[index]?.kill();
    this.members[index] = undefined;
  }
}
