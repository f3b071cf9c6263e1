import { lookup } from 'node:dns/promises';
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../lab/command.ts';
import type { TargetOptions } from '../protocol/target.ts';
import { version2Mount } from './mount-command.ts';
import type { Clients, Mounted, Shell } from './runner.ts';

const SCRIPT_MS = 60_000;

/** This machine. */
const shell: Shell = {
  run: (script, { timeoutMs = SCRIPT_MS } = {}) => run('bash', ['-c', script], { timeoutMs, env: { LC_ALL: 'C' } }),
};

/** Why this host's own kernel cannot be the client; undefined if it can. */
export async function whyNoClient(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'only root may mount';
  if ((await shell.run('command -v mount.nfs')).code !== 0) return 'there is no mount.nfs (Debian: nfs-common)';
  const known = () => /\bnfs$/m.test(readFileSync('/proc/filesystems', 'utf8'));
  if (known()) return undefined;
  await shell.run('modprobe nfs nfsv3');
  return known() ? undefined : "this host's kernel has no NFS client";
}

/** The server's export, mounted by this host's kernel until `close`. */
export async function clientsOnHost({
  host,
  path,
  ports,
}: TargetOptions): Promise<Clients & { close(): Promise<void> }> {
  const { address, family } = await lookup(host);
  const named = family === 6 ? `[${address}]` : address;
  const given = [
    ...(ports.nfs === undefined ? [] : [`port=${ports.nfs}`, `mountport=${ports.mount ?? ports.nfs}`]),
    ...(family === 6 ? ['proto=tcp6', 'mountproto=tcp6'] : ['proto=tcp', 'mountproto=tcp']),
  ].join(',');
  const opened: string[] = [];
  const mounted = (at: string, more: readonly Shell[] = []): Mounted => ({
    ...{ shells: [shell, ...more], at },
    mounting: (options, below) => `mount -t nfs -o vers=3,nolock,${given},${options} ${named}:${path}${below}`,
  });
  const open = async (mount: string): Promise<Mounted | string> => {
    const at = mkdtempSync(join(tmpdir(), 'steadfs-client-'));
    const { code, stderr } = await shell.run(`${mount} ${at}`);
    if (code === 0) {
      opened.push(at);
      return mounted(at);
    }
    rmdirSync(at);
    return stderr.trim();
  };

  const locking = await open(`mount -t nfs -o vers=3,${given} ${named}:${path}`);
  const unlocked = typeof locking === 'string' ? `no mount with locks: ${locking}` : await whyNoLocks(locking);
  const plain =
    typeof locking === 'string' ? await open(`mount -t nfs -o vers=3,nolock,${given} ${named}:${path}`) : locking;
  const old = await open(version2Mount(address, path, given));
  return {
    ...{ version3: plain, version2: typeof old === 'string' ? `no mount of version 2: ${old}` : old, unlocked },
    close: async () => {
      for (const at of opened.splice(0)) {
        await shell.run(`umount ${at} || umount -l ${at}`);
        rmdirSync(at);
      }
    },
  };
}

/** A server without a lock manager is no worse a file server. */
async function whyNoLocks({ at }: Mounted): Promise<string | undefined> {
  const file = join(at, `lock-${process.pid}`);
  const { code, stderr } = await shell.run(`: > ${file}; flock -w 10 ${file} true; code=$?; rm -f ${file}; exit $code`);
  return code === 0 ? undefined : `locks cannot be had: ${stderr.trim() || `flock ended with code ${code}`}`;
}
