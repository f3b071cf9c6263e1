import { startGanesha } from './ganesha.ts';
import type { Lab } from './lab.ts';
import type { ServerProcess } from './server-process.ts';
import { startSteadfs } from './steadfs.ts';

/** A line of exports(5): a folder and how it is exported to every host. */
export interface Export {
  readonly path: string;
  readonly options: readonly string[];
}

/** Servers that the client tests can be pointed at, by the environment's LAB_SERVER. */
export const SERVERS = {
  steadfs: (lab: Lab, exports: readonly Export[]) => startSteadfs(lab, exports),
  ganesha: startGanesha,
} as const;

export type ServerName = keyof typeof SERVERS;

export function serverName(): ServerName {
  const name = process.env.LAB_SERVER ?? 'steadfs';
  if (!(name in SERVERS)) throw new Error(`LAB_SERVER=${name}: one of ${Object.keys(SERVERS).join(', ')} is meant`);
  return name as ServerName;
}

/** Starts the server under test in the lab and waits until it serves. */
export function startServer(lab: Lab, exports: readonly Export[]): Promise<ServerProcess> {
  return SERVERS[serverName()](lab, exports);
}
