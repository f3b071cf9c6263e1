import type { z } from 'zod';
import { ConfigError } from '../common/config-error.ts';
import { nearest } from '../exports/suggest.ts';
import { SettingLines, type SettingPath } from './config-lines.ts';
import { exampleOf, keysOf } from './config-schema.ts';

/** Collects what is wrong with a file: the administrator gets all of it at once. */
export class Problems {
  private readonly file: string;
  private readonly table: unknown;
  private readonly lines: SettingLines;
  private readonly found: { readonly line: number; readonly message: string }[] = [];

  constructor(file: string, text: string, table: unknown) {
    this.file = file;
    this.table = table;
    this.lines = new SettingLines(text);
  }

  /** `message` says what is wrong with the setting, and what to write. */
  add(path: SettingPath, message: string): void {
    const line = this.lines.of(path);
    const place = line === undefined ? this.file : `${this.file}:${line}`;
    const name = this.nameOf(path);
    this.found.push({ line: line ?? 0, message: `${place}: ${name === '' ? '' : `${name}: `}${message}` });
  }

  /** The same for what the schema found. */
  addIssue(issue: z.core.$ZodIssue): void {
    const path = issue.path.filter((part) => typeof part !== 'symbol');
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) this.add([...path, key], this.unknown(path, key));
      return;
    }
    const value = this.valueAt(path);
    const example = exampleOf(path);
    const remedy = example === undefined ? issue.message : `write for example ${example}`;
    this.add(
      path,
      value === undefined ? `is missing; ${remedy}` : `${JSON.stringify(value)} cannot be used; ${remedy}`,
    );
  }

  /** Throws {@link ConfigError} if something was found. */
  end(): void {
    if (this.found.length === 0) return;
    const inOrder = this.found.toSorted((a, b) => a.line - b.line);
    throw new ConfigError(inOrder.map(({ message }) => message).join('\n'));
  }

  private unknown(path: SettingPath, key: string): string {
    const keys = keysOf(path, this.valueAt([...path, 'type']));
    const meant = nearest(key, keys);
    const hint = meant === undefined ? `the settings here are ${keys.join(', ')}` : `did you mean ${meant}?`;
    return `there is no such setting; ${hint}`;
  }

  /** Tables in arrays are called by their names where they have one: `package.data.state`. */
  private nameOf(path: SettingPath): string {
    return path
      .map((part, index) => {
        if (typeof part === 'string') return index === 0 ? part : `.${part}`;
        const name = this.valueAt([...path.slice(0, index + 1), 'name']);
        return typeof name === 'string' && name !== '' ? `.${name}` : `[${part}]`;
      })
      .join('');
  }

  private valueAt(path: SettingPath): unknown {
    let value = this.table;
    for (const part of path) {
      if (typeof value !== 'object' || value === null) return undefined;
      value = Object.entries(value).find(([key]) => key === String(part))?.[1];
    }
    return value;
  }
}
