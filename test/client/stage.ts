import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { as, type ClientCase, DROP_CACHES } from '../../conformance/client/case.ts';
import { mountedBy } from '../../conformance/client/lab.ts';
import { type Mounted, runWorkload } from '../../conformance/client/runner.ts';
import { type Guest, Lab, labMissing, type PartName, SERVER_IPV4 } from '../../conformance/lab/lab.ts';
import type { ServerProcess } from '../../conformance/lab/server-process.ts';
import { type Export, startServer } from '../../conformance/lab/target.ts';

export { as, DROP_CACHES };

/** The usual mount options: version 3, and locks kept on the client. */
export const MOUNT_OPTIONS = 'vers=3,nolock';
/** Where the guest has the export. */
export const MOUNT_POINT = '/mnt/nfs';

/** One server and one client, with one export mounted. */
export interface Stage {
  readonly lab: Lab;
  readonly guest: Guest;
  readonly server: ServerProcess;
  /** The exported folder on the server. */
  readonly folder: string;
}

export interface StageOptions {
  /** Export options; root is not squashed by default, so that a test may do everything. */
  readonly options?: readonly string[];
  /** Further exports by name with their options: folders beside the first one, mounted below /mnt under that name. */
  readonly others?: Readonly<Record<string, readonly string[]>>;
  /** What the tests need besides a guest. */
  readonly needs?: readonly PartName[];
  /** Runs before the server starts: mounts what is to be exported, for instance. */
  readonly prepare?: (lab: Lab, folder: string) => Promise<void>;
}

export type StageTest = (name: string, work: (stage: Stage) => Promise<void>) => void;

/** A test function whose tests share one stage, set up by the first of them that runs. */
export function stage(options: StageOptions = {}): StageTest {
  const { others = {}, needs = [], prepare } = options;
  const skip = labMissing(...needs) ?? false;
  let lab: Lab | undefined;
  const open = async (): Promise<Stage> => {
    lab = await Lab.create();
    const folder = join(lab.folder, 'export');
    const exports: Export[] = [{ path: folder, options: options.options ?? ['rw', 'no_root_squash'] }];
    for (const [name, theirs] of Object.entries(others))
      exports.push({ path: join(lab.folder, name), options: theirs });
    for (const { path } of exports) mkdirSync(path);
    await prepare?.(lab, folder);
    const [server, guest] = await Promise.all([startServer(lab, exports), lab.startGuest()]);
    await guest.must(mountCommand(folder));
    for (const name of Object.keys(others))
      await guest.must(mountCommand(join(lab.folder, name), MOUNT_OPTIONS, `/mnt/${name}`));
    return { lab, guest, server, folder };
  };
  let opened: Promise<Stage> | undefined;
  after(() => lab?.dispose());
  return (name, work) => {
    test(name, { skip }, async () => work(await (opened ??= open())));
  };
}

/** Makes the mount point, mounts a path of the server there and goes there. */
export function mountCommand(path: string, options = MOUNT_OPTIONS, at = MOUNT_POINT): string {
  return `mkdir -p ${at}; mount -t nfs -o ${options} ${SERVER_IPV4}:${path} ${at}; cd ${at}\n`;
}

/** Runs a script in the mount point; it ends at its first failing command. @returns what it printed. */
export function onMount(guest: Guest, script: string, timeoutMs?: number): Promise<string> {
  return guest.must(`cd ${MOUNT_POINT}\n${script}`, timeoutMs === undefined ? {} : { timeoutMs });
}

/** The suite's workloads as tests, on the usual mount unless `place` says otherwise. */
export function workloadTests(
  test: StageTest,
  cases: readonly ClientCase[],
  place: (on: Stage) => Mounted | Promise<Mounted> = ({ guest, folder }) => mountedBy([guest], MOUNT_POINT, folder),
): void {
  for (const each of cases) test(`${each.title} (${each.clause})`, async (on) => runWorkload(each, await place(on)));
}
