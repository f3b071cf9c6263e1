/** A place in an exports file; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One thing wrong in an exports file, with what to write instead. */
export interface Problem extends Place {
  readonly text: string;
}

export function describeProblem({ file, line, column, text }: Problem): string {
  return `${file}:${line}:${column}: ${text}`;
}

/** Exports that cannot be served as they are written: every problem found, one a line in the message. */
export class ExportsError extends Error {
  override readonly name = 'ExportsError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(describeProblem).join('\n'));
    this.problems = problems;
  }
}
