import { spawnSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';

const MARK = 'STEADFS_FUZZ_ISOLATED';

/** True in a process that {@link isolated} started: it has a network of its own, with loopback alone. */
export function isIsolated(): boolean {
  return process.env[MARK] !== undefined && Object.keys(networkInterfaces()).every((name) => name === 'lo');
}

/** The command that runs another in a network of its own; as it is, where the kernel does not allow that. */
export function isolated(command: string, args: readonly string[]): { command: string; args: string[] } {
  const flags = process.getuid?.() === 0 ? ['--net'] : ['--net', '--user', '--map-root-user'];
  if (spawnSync('unshare', [...flags, 'ip', 'link', 'set', 'lo', 'up']).status !== 0)
    return { command, args: [...args] };
  const script = `ip link set lo up && ${MARK}=1 exec "$@"`;
  return { command: 'unshare', args: [...flags, 'sh', '-c', script, 'sh', command, ...args] };
}
