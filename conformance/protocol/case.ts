import type { Context } from './context.ts';
import type { Program } from './programs/program.ts';

/**
 * What a failure means. MUST: the protocol is broken. SHOULD: the RFC asks for it, or clients lose something without it.
 * LINUX: no RFC asks, but Linux clients rely on it. Only MUST decides the suite's exit code.
 */
export type CaseClass = 'MUST' | 'SHOULD' | 'LINUX';

/**
 * What a case cannot do without; where it is missing, the case is not applicable.
 * `root`: uid 0 is not squashed. `users`: uids and gids are not squashed. `privileged`: the suite may use ports below 1024.
 */
export type Need = 'root' | 'users' | 'privileged' | 'restart' | 'second-export' | 'udp' | 'ipv6';

export interface Case {
  /** `NFSv3/LOOKUP/missing-name`: unique, and stays when the title changes. */
  readonly id: string;
  /** The heading it stands under in reports: a program with its version, or `RPC`. */
  readonly group: string;
  readonly procedure: string;
  /** What is expected, in a few words: `a name that is not there: NFS3ERR_NOENT`. */
  readonly title: string;
  /** `RFC 1813 §3.3.3`. */
  readonly clause: string;
  readonly class: CaseClass;
  readonly needs: readonly Need[];
  /** True if it disturbs others, so that nothing may run beside it. */
  readonly alone: boolean;
  /** It is not applicable where the server does not have this program. */
  readonly program: Program;
  readonly run: (t: Context) => Promise<void>;
}

interface Differences {
  readonly clause?: string;
  readonly needs?: readonly Need[];
  readonly alone?: boolean;
}
export type Draft = Pick<Case, 'title' | 'class' | 'run'> & Differences & { readonly name: string };
type Run = Case['run'];

const drafter =
  (of: CaseClass) =>
  (name: string, title: string, ...[first, second]: [run: Run] | [differences: Differences, run: Run]): Draft => {
    if (typeof first === 'function') return { name, title, class: of, run: first };
    if (second === undefined) throw new Error(`${name} has no body`);
    return { name, title, class: of, run: second, ...first };
  };

export const must = drafter('MUST');
export const should = drafter('SHOULD');
export const linux = drafter('LINUX');

interface About {
  readonly program: Program;
  /** The program's name unless said otherwise. */
  readonly group?: string;
  readonly procedure: string;
  readonly clause: string;
}

/** The cases of one procedure. What they do not say themselves they have from `about`. */
export function cases({ program, group = program.name, procedure, clause }: About, drafts: readonly Draft[]): Case[] {
  return drafts.map(({ name, ...draft }) => ({
    ...{ needs: [], alone: false, clause },
    ...draft,
    ...{ id: `${group}/${procedure}/${name}`, group, procedure, program },
  }));
}
