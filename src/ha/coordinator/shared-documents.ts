import { randomUUID } from 'node:crypto';
import type { Document } from './contract.ts';
import { DIGITS, fileNameOf, numbered, parseJson } from './names.ts';
import type { SharedFiles } from './shared-files.ts';

/** The newest so many are kept: more than others write while one write is under way. */
const VERSIONS_KEPT = 32;
const TRIES = 5;

/** Runs one operation on the folder, within its deadline. */
export type RunFile = <T>(operation: () => Promise<T>) => Promise<T>;

/** A file for each version, made by link(2): of those who write the same version one succeeds. */
export class SharedDocuments {
  private readonly files: SharedFiles;

  constructor(files: SharedFiles) {
    this.files = files;
  }

  async read(key: string, run: RunFile): Promise<Document | undefined> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const version = await this.newest(key, run);
      if (version === 0) return undefined;
      const content = await run(() => this.files.read(pathOf(key, version)));
      // Undefined: newer versions came meanwhile, and this one was removed.
      if (content !== undefined) return { value: valueIn(content, pathOf(key, version)), version };
    }
    throw new Error(`${key}: changes too fast to be read`);
  }

  async write(key: string, value: unknown, expected: number, run: RunFile): Promise<boolean> {
    if ((await this.newest(key, run)) !== expected) return false;
    const version = expected + 1;
    if (version === 1) await run(() => this.files.makeFolder(folderOf(key)));
    // The id makes each writer's content its own: see SharedFiles.create.
    const content = Buffer.from(`${JSON.stringify({ id: randomUUID(), value })}\n`);
    if (!(await run(() => this.files.create(pathOf(key, version), content)))) return false;
    const names = (await run(() => this.files.list(folderOf(key)))) ?? [];
    const versions = names.map(numbered).filter((found) => found !== undefined);
    const newest = Math.max(...versions);
    if (newest >= version + VERSIONS_KEPT) {
      // We were stopped for so long that this version had come, been overtaken, and been removed.
      await run(() => this.files.remove(pathOf(key, version)));
      return false;
    }
    for (const old of versions) {
      if (old <= newest - VERSIONS_KEPT) await run(() => this.files.remove(pathOf(key, old)));
    }
    return true;
  }

  private async newest(key: string, run: RunFile): Promise<number> {
    const names = (await run(() => this.files.list(folderOf(key)))) ?? [];
    return Math.max(0, ...names.map((name) => numbered(name) ?? 0));
  }
}

function folderOf(key: string): string {
  return `documents/${fileNameOf(key)}`;
}

function pathOf(key: string, version: number): string {
  return `${folderOf(key)}/${String(version).padStart(DIGITS, '0')}`;
}

function valueIn(content: Buffer, path: string): unknown {
  const document = parseJson(content.toString());
  if (document === undefined || !('value' in document)) throw new Error(`${path}: damaged`);
  return document.value;
}
