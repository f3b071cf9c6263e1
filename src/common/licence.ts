/** Stands before every change of files and state that this server makes. */
export interface ChangeGuard {
  /**
   * Asked right before a change: returns if it may be made, throws {@link LicenceLost} if the right to serve has run out. To
   * be asked again after every wait, for the right may end meanwhile.
   */
  check(): void;
  /** Told of a change that another thread makes: it may begin at any time until `work` ends. @returns `work`. */
  elsewhere<T>(work: Promise<T>): Promise<T>;
}

/** For a server that nobody can take the place of. */
export const UNGUARDED: ChangeGuard = { check: () => {}, elsewhere: (work) => work };

/** A change was not made because the right to serve had run out. Its call gets no reply at all: another server answers it. */
export class LicenceLost extends Error {
  override readonly name = 'LicenceLost';

  constructor() {
    super('the right to serve has run out');
  }
}
