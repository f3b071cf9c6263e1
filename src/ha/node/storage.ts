import { readFile, realpath } from 'node:fs/promises';
import type { PackageConfig, StorageConfig } from '../config.ts';
import { runCommand } from './command.ts';
import type { Storage } from './ports.ts';

/** Milliseconds. A journal may have to be replayed; what is dirty is written back. */
const DEADLINES = { mount: 120_000, unmount: 60_000 };
const TAG_DEADLINE = 5000;

/** Mounts and unmounts by mount(8) and umount(8), one thing at a time for each package. */
export class HostStorage implements Storage {
  private readonly deadlines: typeof DEADLINES;
  private readonly last = new Map<string, Promise<void>>();
  /** Commands that were given up on, by package. */
  private readonly stuck = new Map<string, string>();

  constructor(deadlines = DEADLINES) {
    this.deadlines = deadlines;
  }

  async isMounted({ storage }: PackageConfig): Promise<boolean> {
    return storage !== undefined && (await sourceOf(storage.path)) !== undefined;
  }

  mount({ name, storage }: PackageConfig): Promise<void> {
    return this.inTurn(name, async () => {
      if (storage === undefined) return;
      const { device, path, fsType, options } = storage;
      const mounted = await sourceOf(path);
      if (mounted !== undefined) return mustBe(storage, mounted);
      const chosen = options === '' ? [] : ['-o', options];
      await this.run(name, ['mount', '-t', fsType, ...chosen, device, path], this.deadlines.mount);
    });
  }

  unmount({ name, storage }: PackageConfig): Promise<void> {
    return this.inTurn(name, async () => {
      if (storage === undefined || (await sourceOf(storage.path)) === undefined) return;
      await this.run(name, ['umount', storage.path], this.deadlines.unmount);
    });
  }

  /** What outlives its time and SIGKILL may still do its work, whenever the disk answers. */
  private async run(name: string, command: readonly string[], milliseconds: number): Promise<void> {
    this.stuck.set(name, command.join(' '));
    await runCommand(command, milliseconds, { ended: () => this.stuck.delete(name) });
  }

  /** A mount that was given up on must have ended before its opposite begins. */
  private inTurn(name: string, work: () => Promise<void>): Promise<void> {
    const done = (this.last.get(name) ?? Promise.resolve()).then(() => {
      const stuck = this.stuck.get(name);
      if (stuck !== undefined) throw new Error(`"${stuck}" waits in the kernel, and nothing ends it`);
      return work();
    });
    this.last.set(
      name,
      done.catch(() => undefined),
    );
    return done;
  }
}

async function mustBe({ device, path }: StorageConfig, mounted: string): Promise<void> {
  const [, tag, value] = /^([A-Z]+)=(.*)$/.exec(device) ?? [];
  const isIt = tag === undefined ? await isSameDevice(device, mounted) : (await tagOf(tag, mounted)) === value;
  if (!isIt) throw new Error(`${mounted} is mounted on ${path}, where ${device} is to be`);
}

/** A device may go by other names too: /dev/mapper/data. */
async function isSameDevice(one: string, other: string): Promise<boolean> {
  const [found, wanted] = await Promise.all([one, other].map((name) => realpath(name).catch(() => name)));
  return found === wanted;
}

/** The `UUID`, `LABEL`, ... of a device; undefined if it has none, or nobody can tell. */
async function tagOf(tag: string, device: string): Promise<string | undefined> {
  const command = ['blkid', '-c', '/dev/null', '-o', 'value', '-s', tag, device];
  return runCommand(command, TAG_DEADLINE).then(
    (value) => value.replace(/\n$/, ''),
    () => undefined,
  );
}

/** What is mounted on this very path, last; undefined: nothing is. */
async function sourceOf(path: string): Promise<string | undefined> {
  return mountedOn(path, await readFile('/proc/self/mountinfo', 'utf8'));
}

/** Reads proc(5)'s mountinfo: `36 35 98:0 /root /mount/point options - type source superoptions`. */
export function mountedOn(path: string, mountinfo: string): string | undefined {
  const sources = mountinfo.split('\n').flatMap((line) => {
    const fields = line.split(' ');
    const source = fields[fields.indexOf('-') + 2];
    return source !== undefined && unescaped(fields[4] ?? '') === path ? [unescaped(source)] : [];
  });
  return sources.at(-1);
}

/** Spaces, tabs, line feeds and backslashes stand there in octal. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
