/**
 * Asked right before each change of files or state: returns if this server may make it, throws {@link LicenceLost} if its
 * right to serve has run out. To be asked again after every wait, for the right may end meanwhile.
 */
export type ChangeGuard = () => void;

/** For a server that nobody can take the place of. */
export const mayAlwaysChange: ChangeGuard = () => {};

/** A change was not made because the right to serve had run out. Its call gets no reply at all: another server answers it. */
export class LicenceLost extends Error {
  override readonly name = 'LicenceLost';

  constructor() {
    super('the right to serve has run out');
  }
}
