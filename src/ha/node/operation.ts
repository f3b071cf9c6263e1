import type { Clock } from './ports.ts';

/** The operation was called off: something more urgent is to be done. */
export class CalledOff extends Error {
  override readonly name = 'CalledOff';
}

/** Waits for a step of an operation, but not once the operation is called off. Rejects with {@link CalledOff} then. */
export async function step<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let callOff = () => {};
  const off = new Promise<never>((_, reject) => {
    callOff = () => reject(new CalledOff());
    if (signal.aborted) callOff();
    signal.addEventListener('abort', callOff);
  });
  try {
    return await Promise.race([off, work]);
  } finally {
    signal.removeEventListener('abort', callOff);
  }
}

export function pause(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(milliseconds, resolve);
  });
}

/** What is being done for a package: one thing at a time. */
export class Operations {
  private readonly fault: (error: unknown) => void;
  private current:
    | { readonly kind: string; readonly controller: AbortController; readonly done: Promise<void> }
    | undefined;

  /** @param fault is told of what an operation should have handled by itself. */
  constructor(fault: (error: unknown) => void) {
    this.fault = fault;
  }

  get kind(): string | undefined {
    return this.current?.kind;
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.current !== undefined) await this.current.done;
  }

  /** Calls off what is under way, and begins once that has ended. */
  begin(kind: string, work: (signal: AbortSignal) => Promise<void>): void {
    const before = this.current;
    before?.controller.abort();
    const controller = new AbortController();
    const done = (before?.done ?? Promise.resolve())
      .then(() => work(controller.signal))
      .catch((error: unknown) => {
        if (!(error instanceof CalledOff)) this.fault(error);
      })
      .finally(() => {
        if (this.current?.controller === controller) this.current = undefined;
      });
    this.current = { kind, controller, done };
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
