import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Housekeeping } from '../../conformance/protocol/housekeeping.ts';
import { Target } from '../../conformance/protocol/target.ts';
import { ExportTable, parseExports, systemResolver } from '../../src/exports/index.ts';
import { mountPrograms } from '../../src/mount/index.ts';
import { aclPrograms } from '../../src/nfs/acl/program.ts';
import { nfs2Program } from '../../src/nfs/v2/program.ts';
import { nfs3Program } from '../../src/nfs/v3/program.ts';
import { servicesOf } from '../../src/portmap/index.ts';
import { Dispatcher, type ProgramVersion } from '../../src/rpc/index.ts';
import { rquotaPrograms } from '../../src/rquota/index.ts';
import { listenOn } from '../../src/server/listeners.ts';
import { startLocking } from '../../src/server/locking.ts';
import { endpointsOf, portmapperOf } from '../../src/server/portmap.ts';
import { MemoryState } from '../../src/state/memory.ts';
import type { FileSystem } from '../../src/vfs/index.ts';
import { openLocalFileSystem } from '../../src/vfs/local/index.ts';

const quiet = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };

/** What may be exchanged in the server: each gets the sound part and gives the one to use. */
export interface Alterations {
  programs?(programs: readonly ProgramVersion[]): readonly ProgramVersion[];
  fileSystem?(fileSystem: FileSystem): FileSystem;
  dispatcher?(dispatcher: Dispatcher): Dispatcher;
  /** Changes something of this process for as long as the server runs; gives what undoes it. */
  meddle?(): () => void;
  /** Options of the exports, as in exports(5). */
  readonly exportOptions?: string;
}

export interface TestServer {
  readonly target: Target;
  readonly housekeeping: Housekeeping;
  close(): Promise<void>;
}

/** A server in this process, on loopback, with two exports on local storage; the portmapper has a port of its own. */
export async function startTestServer(alterations: Alterations = {}): Promise<TestServer> {
  const opened: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of opened.splice(0).reverse()) await end();
  };
  try {
    const folder = mkdtempSync(join(tmpdir(), 'steadfs-conformance-'));
    opened.push(async () => rmSync(folder, { recursive: true, force: true }));
    chmodSync(folder, 0o755);
    const [path, second] = [join(folder, 'export'), join(folder, 'second')];
    for (const each of [path, second]) {
      mkdirSync(each);
      chmodSync(each, 0o777);
    }
    const state = new MemoryState();
    const exports = new ExportTable({
      secret: state.secret,
      fsidFor: (key) => state.fsidFor(key),
      aliases: state.aliases,
      openFileSystem: async (at) => {
        const sound = await openLocalFileSystem(at, { index: state.index, verifier: state.verifier });
        return alterations.fileSystem?.(sound) ?? sound;
      },
      resolver: systemResolver,
      log: quiet,
    });
    opened.push(() => exports.close());
    const { exportOptions = 'rw,async,no_root_squash' } = alterations;
    const lines = [path, second].map((each) => `${each} *(${exportOptions})\n`);
    await exports.reload(parseExports(lines.join(''), 'exports').exports);

    const names = [hostname()];
    const locking = await startLocking({ exports, state, log: quiet, grace: 0, forget: false, names });
    opened.push(() => locking.close());
    const sound = [
      ...locking.programs,
      nfs2Program(exports),
      nfs3Program(exports),
      ...aclPrograms(exports),
      ...rquotaPrograms(exports),
      ...mountPrograms(exports, state.mounts, quiet),
    ];
    const made = new Dispatcher(alterations.programs?.(sound) ?? sound, { log: quiet });
    const dispatcher = alterations.dispatcher?.(made) ?? made;
    const undo = alterations.meddle?.();
    if (undo !== undefined) opened.push(async () => undo());
    const listeners = await listenOn(dispatcher, ['127.0.0.1', '::1'], 0, { log: quiet });
    opened.push(() => listeners.close());
    const services = servicesOf(sound, endpointsOf(listeners.addresses, listeners.port));
    const portmapper = portmapperOf(listeners.addresses, services);
    const lookups = new Dispatcher(alterations.programs?.(portmapper) ?? portmapper, { log: quiet });
    const portmap = await listenOn(lookups, listeners.addresses, 0, { log: quiet });
    opened.push(() => portmap.close());
    locking.begin();

    const target = await Target.open({
      ...{ host: '127.0.0.1', path, secondPath: second },
      ports: { nfs: listeners.port, portmap: portmap.port },
    });
    const housekeeping = await Housekeeping.open(target);
    // A broken server may not let the folder be emptied; it goes with the scratch folder.
    opened.push(() => housekeeping.close().catch(() => undefined));
    return { target, housekeeping, close };
  } catch (error) {
    await close();
    throw error;
  }
}
