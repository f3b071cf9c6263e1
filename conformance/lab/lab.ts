import type { Outcome } from './command.ts';
import { Guest, type JobOptions } from './guest.ts';
import { Namespace } from './namespace.ts';
import { type ServerCommand, ServerProcess } from './server-process.ts';

export { CommandFailed, type Outcome } from './command.ts';
export type { Guest, JobOptions } from './guest.ts';
export { labMissing, missingParts, type PartName } from './missing.ts';
export { mountImage } from './namespace.ts';
export type { ServerCommand, ServerProcess } from './server-process.ts';

/** The server's side of the bridge. Every lab has the same addresses, for each is alone in its namespace. */
export const SERVER_IPV4 = '10.99.0.1';
export const SERVER_IPV6 = 'fd00:99::1';
const BRIDGE = 'br0';
const FIRST_GUEST_HOST = 11;
const GUEST_MEMORY = '512M';

/** One line of a job's results: TAP's `ok 1 - what` or `not ok 2 - what`. */
export interface Result {
  readonly ok: boolean;
  readonly name: string;
}

/** A network of a test's own: the server's place and any number of Linux clients on one bridge. */
export class Lab {
  readonly namespace: Namespace;
  private guests = 0;

  private constructor(namespace: Namespace) {
    this.namespace = namespace;
  }

  static async create(): Promise<Lab> {
    const lab = new Lab(await Namespace.create());
    await lab.exec('ip', ['link', 'add', BRIDGE, 'type', 'bridge']);
    await lab.exec('ip', ['address', 'add', `${SERVER_IPV4}/24`, 'dev', BRIDGE]);
    // Duplicate address detection would keep the address unusable for a second.
    await lab.exec('ip', ['address', 'add', `${SERVER_IPV6}/64`, 'dev', BRIDGE, 'nodad']);
    await lab.exec('ip', ['link', 'set', BRIDGE, 'up']);
    return lab;
  }

  /** Scratch folder of this lab, gone with it. */
  get folder(): string {
    return this.namespace.folder;
  }

  /** Runs a command in the namespace; an exit code other than zero is an error. */
  exec(...args: Parameters<Namespace['exec']>): Promise<Outcome> {
    return this.namespace.exec(...args);
  }

  /** Runs a command in the namespace, whatever its exit code. */
  run(...args: Parameters<Namespace['run']>): Promise<Outcome> {
    return this.namespace.run(...args);
  }

  /** Starts a server in the namespace and waits until it says, or answers, that it is ready. */
  spawnServer(command: ServerCommand): Promise<ServerProcess> {
    return ServerProcess.start(this.namespace, command);
  }

  /** Boots a Linux client on the bridge; it takes about three seconds. */
  async startGuest({ memory = GUEST_MEMORY, disk }: { memory?: string; disk?: string } = {}): Promise<Guest> {
    const index = this.guests++;
    const host = FIRST_GUEST_HOST + index;
    const tap = `tap${index}`;
    await this.exec('ip', ['tuntap', 'add', tap, 'mode', 'tap']);
    await this.exec('ip', ['link', 'set', tap, 'master', BRIDGE, 'up']);
    return Guest.boot(this.namespace, {
      ...{ name: `guest${index + 1}`, tap, memory, disk },
      ...{ ipv4: `10.99.0.${host}/24`, ipv6: `fd00:99::${host}/64` },
      ...{ serverIpv4: SERVER_IPV4, serverIpv6: SERVER_IPV6 },
    });
  }

  /** Boots a client for one script that prints TAP, and halts it again. */
  async guest({ script, memory, ...options }: GuestScript): Promise<Outcome & { results: Result[] }> {
    const guest = await this.startGuest(memory === undefined ? {} : { memory });
    const outcome = await guest.run(script, options);
    await guest.stop();
    return { ...outcome, results: parseTap(outcome.stdout) };
  }

  dispose(): Promise<void> {
    return this.namespace.dispose();
  }
}

export interface GuestScript extends JobOptions {
  readonly script: string;
  readonly memory?: string;
}

/** Gives `work` a lab and takes it down again, however `work` ends. */
export async function withLab<T>(work: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = await Lab.create();
  try {
    return await work(lab);
  } finally {
    await lab.dispose();
  }
}

function parseTap(stdout: string): Result[] {
  const results: Result[] = [];
  for (const [, not, name] of stdout.matchAll(/^(not )?ok\b(?: \d+)?(?: - )?(.*)$/gm)) {
    results.push({ ok: not === undefined, name: name ?? '' });
  }
  return results;
}
