import type { Outcome } from '../lab/command.ts';
import { Mismatch } from '../protocol/expect.ts';

/** A Linux machine, in the folder that a case has on the mounted export. */
export interface Machine {
  /** That folder. */
  readonly folder: string;
  /** Runs a bash script there as root, which ends at its first failing command; SCRATCH is a folder that is not on the export. */
  must(script: string, timeoutMs?: number): Promise<string>;
  /** The same, whatever its exit code. */
  run(script: string, timeoutMs?: number): Promise<Outcome>;
}

/** What a case has to work with. */
export interface ClientContext {
  readonly one: Machine;
  /** Another client, in the same folder. Throws NotApplicable where there is none. */
  two(): Machine;
  /** Looks at the case's folder as the server's own programs see it; not at all where it cannot be seen from here. */
  onServer(look: (folder: string) => void): void;
  /** A command that mounts what is below the case's folder once more, with further options. */
  mounting(options: string, below?: string): string;
}

/** A workload for a client's kernel, as a case of the report. Its class is LINUX. */
export interface ClientCase {
  /** `Linux/files/large-file`: unique and lasting. */
  readonly id: string;
  /** The heading it stands under. */
  readonly procedure: string;
  readonly title: string;
  readonly clause: string;
  /** Of NFS. */
  readonly version: 2 | 3;
  /** True if it needs locks by NLM. */
  readonly locks: boolean;
  /** Commands that it cannot do without. */
  readonly needs: readonly string[];
  readonly run: (t: ClientContext) => Promise<void>;
}

interface Differences {
  readonly clause?: string;
  readonly needs?: readonly string[];
}
type Run = ClientCase['run'];
type Draft = { readonly name: string; readonly title: string; readonly run: Run } & Differences;

export const GROUP = 'Linux';

export function workload(
  name: string,
  title: string,
  ...rest: [run: Run] | [differences: Differences, run: Run]
): Draft {
  const [first, second] = rest;
  if (typeof first === 'function') return { name, title, run: first };
  if (second === undefined) throw new Error(`${name} has no body`);
  return { name, title, run: second, ...first };
}

interface About {
  readonly procedure: string;
  readonly clause: string;
  readonly version?: 2 | 3;
  readonly locks?: boolean;
}

export function workloads(
  { procedure, clause, version = 3, locks = false }: About,
  drafts: readonly Draft[],
): ClientCase[] {
  return drafts.map(({ name, ...draft }) => ({
    ...{ needs: [], clause, procedure, version, locks },
    ...draft,
    id: `${GROUP}/${procedure}/${name}`,
  }));
}

/** Shell lines that make the client forget what it has cached. */
export const DROP_CACHES = 'sync; echo 3 > /proc/sys/vm/drop_caches\n';

/** A shell command that runs a script as a user in some groups, the first of which is the user's own. */
export function as(uid: number, groups: readonly number[], script: string): string {
  const identity = `--reuid ${uid} --regid ${groups[0]} --groups ${groups.join(',')}`;
  return `setpriv ${identity} bash -euc '${script.replaceAll("'", `'\\''`)}'`;
}

/** Runs a script that has to fail and to say why. */
export async function refused(machine: Machine, script: string, reason: string): Promise<void> {
  const { code, stderr } = await machine.run(script);
  if (code === 0 || !stderr.includes(reason)) {
    throw new Mismatch(`"${reason}" from ${script}`, `code ${code}, ${stderr.trim() || 'no message'}`);
  }
}

/** The lines that a script printed. */
export function linesOf(output: string): string[] {
  return output.trim().split('\n');
}
