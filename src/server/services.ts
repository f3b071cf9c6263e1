import { readFileSync } from 'node:fs';
import { ConfigError } from '../common/config-error.ts';
import type { ChangeGuard } from '../common/licence.ts';
import type { Logger } from '../common/log.ts';
import { type ExportEntry, ExportTable, exportsForPaths, parseExports, systemResolver } from '../exports/index.ts';
import { mountPrograms } from '../mount/index.ts';
import { aclPrograms } from '../nfs/acl/program.ts';
import { nfs2Program } from '../nfs/v2/program.ts';
import { nfs3Program } from '../nfs/v3/program.ts';
import type { Peer, ProgramVersion, ServingLicence } from '../rpc/index.ts';
import { rquotaPrograms } from '../rquota/index.ts';
import type { StateStore } from '../state/index.ts';
import { asServer, openLocalFileSystem } from '../vfs/local/index.ts';
import { type Locking, startLocking } from './locking.ts';

/** What is served, as `ServeConfig` and `ManagedSettings` have it in common. */
export interface ServiceSettings {
  readonly paths: readonly string[];
  /** Hosts for {@link paths}. */
  readonly allow: readonly string[];
  readonly options: string;
  readonly exportsFile: string | undefined;
  readonly graceSeconds: number;
  readonly forgetLocks: boolean;
  readonly setQuota: boolean;
  /** Names and addresses that clients may have mounted this server by. */
  readonly names: readonly string[];
}

export interface ServicePorts {
  readonly state: StateStore;
  readonly log: Logger;
  /** Left out: the right to serve never ends. */
  readonly licence?: (ServingLicence & ChangeGuard) | undefined;
  /** Told when other folders than before are served. */
  readonly exportsChanged?: () => void;
  /** True for one who watches over this server. Left out: nobody does. */
  readonly isProbe?: (peer: Peer) => boolean;
}

/** Everything that is served, whichever way calls come in: exports, locks, and the programs on top of them. */
export class Services {
  readonly exports: ExportTable;
  readonly locking: Locking;
  /** All but the port mapper. */
  readonly programs: readonly ProgramVersion[];
  private readonly settings: ServiceSettings;
  private readonly log: Logger;

  private constructor(
    settings: ServiceSettings,
    log: Logger,
    exports: ExportTable,
    locking: Locking,
    programs: readonly ProgramVersion[],
  ) {
    this.settings = settings;
    this.log = log;
    this.exports = exports;
    this.locking = locking;
    this.programs = programs;
  }

  /** Throws ExportsError or ConfigError, each with what the administrator is to do, and leaves nothing open then. */
  static async open(settings: ServiceSettings, ports: ServicePorts): Promise<Services> {
    const { state, log, licence } = ports;
    const exports = await openExports(settings, ports);
    try {
      const locking = await startLocking({
        ...{ exports, state, log, licence, names: settings.names },
        ...{ grace: settings.graceSeconds * 1000, forget: settings.forgetLocks },
      });
      const programs = [
        ...locking.programs,
        nfs2Program(exports),
        nfs3Program(exports),
        ...aclPrograms(exports),
        ...rquotaPrograms(exports, { maySet: settings.setQuota }),
        ...mountPrograms(exports, state.mounts, log),
      ];
      return new Services(settings, log, exports, locking, programs);
    } catch (error) {
      await exports.close();
      throw error;
    }
  }

  /** Reads the exports again. A file with an error changes nothing; what is wrong with it goes to the log. */
  async reload(): Promise<void> {
    try {
      await this.exports.reload(readExports(this.settings, this.log));
      this.log.info({ exports: this.exports.list().length }, 'exports reloaded');
    } catch (error) {
      this.log.error({}, `exports not reloaded, the old ones stay: ${(error as Error).message}`);
    }
  }

  /** Lets go of locks and files, and flushes what was written. */
  async close(): Promise<void> {
    await this.locking.close();
    await this.exports.close();
  }
}

async function openExports(settings: ServiceSettings, ports: ServicePorts): Promise<ExportTable> {
  const { state, log, licence: guard, exportsChanged, isProbe } = ports;
  const { index, verifier } = state;
  const exports = new ExportTable({
    secret: state.secret,
    fsidFor: (key) => state.fsidFor(key),
    aliases: state.aliases,
    openFileSystem: (path) => openLocalFileSystem(path, { index, verifier, guard }),
    resolver: systemResolver,
    log,
    ...(isProbe !== undefined && { isProbe }),
    ...(exportsChanged !== undefined && { changed: exportsChanged }),
  });
  try {
    await exports.reload(readExports(settings, log));
    return exports;
  } catch (error) {
    await exports.close();
    throw error;
  }
}

/** The exports that the folders and the exports file ask for. Throws ExportsError or ConfigError. */
function readExports({ paths, allow, options, exportsFile }: ServiceSettings, log: Logger): ExportEntry[] {
  const entries: ExportEntry[] = [];
  if (paths.length > 0) entries.push(...exportsForPaths(paths, allow, options));
  if (exportsFile !== undefined) {
    const { exports, warnings } = parseExports(readTextFile(exportsFile), exportsFile);
    for (const warning of warnings) log.warn({}, warning);
    entries.push(...exports);
  }
  return entries;
}

function readTextFile(path: string): string {
  try {
    return asServer(() => readFileSync(path, 'utf8'));
  } catch (error) {
    throw new ConfigError(`${path}: cannot be read: ${(error as Error).message}`);
  }
}
