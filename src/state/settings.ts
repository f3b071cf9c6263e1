/** A few small values under plain names, each on disk when {@link set} returns. What the small tables are built on. */
export interface Settings {
  /** A copy, or undefined if it was never set. */
  get(name: string): Buffer | undefined;
  set(name: string, value: Buffer): void;
  /** Names that begin with `prefix`, with their values. */
  entries(prefix: string): [name: string, value: Buffer][];
}

export class MemorySettings implements Settings {
  private readonly values = new Map<string, Buffer>();

  get(name: string): Buffer | undefined {
    const value = this.values.get(name);
    return value && Buffer.from(value);
  }

  set(name: string, value: Buffer): void {
    this.values.set(name, Buffer.from(value));
  }

  entries(prefix: string): [name: string, value: Buffer][] {
    return [...this.values].filter(([name]) => name.startsWith(prefix));
  }
}
