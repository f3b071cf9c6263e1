import type { SharedFiles } from '../../../src/ha/coordinator/shared-files.ts';

/** A folder that can be made to hang: operations wait, as on a hard NFS mount whose server is away, and go on later. */
export class HangingFiles implements SharedFiles {
  readonly node: string;
  private readonly files: SharedFiles;
  private back: Promise<void> | undefined;
  private comeBack = () => {};
  /** Operations that were begun while it hung. */
  begun = 0;

  constructor(node: string, files: SharedFiles) {
    this.node = node;
    this.files = files;
  }

  hang(on: boolean): void {
    if (on) {
      this.back = new Promise((resolve) => {
        this.comeBack = resolve;
      });
    } else {
      this.back = undefined;
      this.comeBack();
    }
  }

  list(folder: string): Promise<string[] | undefined> {
    return this.run(() => this.files.list(folder));
  }
  makeFolder(folder: string): Promise<void> {
    return this.run(() => this.files.makeFolder(folder));
  }
  read(path: string): Promise<Buffer | undefined> {
    return this.run(() => this.files.read(path));
  }
  create(path: string, content: Buffer): Promise<boolean> {
    return this.run(() => this.files.create(path, content));
  }
  add(path: string, content: Buffer): Promise<void> {
    return this.run(() => this.files.add(path, content));
  }
  overwrite(path: string, content: Buffer): Promise<boolean> {
    return this.run(() => this.files.overwrite(path, content));
  }
  append(path: string, content: Buffer): Promise<boolean> {
    return this.run(() => this.files.append(path, content));
  }
  remove(path: string): Promise<void> {
    return this.run(() => this.files.remove(path));
  }

  private async run<T>(operation: () => Promise<T>): Promise<T> {
    if (this.back !== undefined) {
      this.begun += 1;
      await this.back;
    }
    return operation();
  }
}
