/** Where a setting is: keys of tables, and places in arrays. */
export type SettingPath = readonly (string | number)[];

/**
 * Which line of a TOML text each table and each key begins on. A hint for messages: keys within inline tables are not
 * told apart, they are on the line of what they belong to.
 */
export class SettingLines {
  private readonly lines = new Map<string, number>();
  /** Of each line, the table that it is in. */
  private readonly tables: SettingPath[] = [];

  constructor(text: string) {
    const counts = new Map<string, number>();
    let table: SettingPath = [];
    for (const [index, line] of text.split('\n').entries()) {
      const header = /^\s*(\[\[?)\s*([\w."'\s-]+?)\s*\]/.exec(line);
      const key = /^\s*([\w."'-]+(?:\s*\.\s*[\w"'-]+)*)\s*=/.exec(line);
      if (header !== null) {
        table = this.open(keysOf(header[2] ?? ''), header[1] === '[[', counts);
        this.remember(table, index + 1);
      } else if (key !== null) {
        this.remember([...table, ...keysOf(key[1] ?? '')], index + 1);
      }
      this.tables.push(table);
    }
  }

  /** The line of a setting, or of the nearest table around it; undefined if neither is in the text. */
  of(path: SettingPath): number | undefined {
    for (let length = path.length; length > 0; length--) {
      const line = this.lines.get(JSON.stringify(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return undefined;
  }

  /** The table that a line is in, whatever that line says. */
  tableAt(line: number): SettingPath {
    return this.tables[line - 1] ?? [];
  }

  /** The path that a header opens: an array's name stands for its last table. */
  private open(keys: readonly string[], isArray: boolean, counts: Map<string, number>): SettingPath {
    const path: (string | number)[] = [];
    for (const [index, key] of keys.entries()) {
      path.push(key);
      const name = JSON.stringify(path);
      const before = counts.get(name);
      if (isArray && index === keys.length - 1) counts.set(name, before === undefined ? 0 : before + 1);
      const place = counts.get(name);
      if (place !== undefined) path.push(place);
    }
    return path;
  }

  private remember(path: SettingPath, line: number): void {
    const name = JSON.stringify(path);
    if (!this.lines.has(name)) this.lines.set(name, line);
  }
}

function keysOf(dotted: string): string[] {
  return dotted.split('.').map((key) => key.trim().replace(/^(["'])(.*)\1$/, '$2'));
}
