import { resolve } from 'node:path';
import { describeProblem, ExportsError, type Place, type Problem } from './error.ts';
import { EVERYONE, type Host, networkMeant, parseHost } from './host.ts';
import { type Line, lex, type Word } from './lexer.ts';
import { applyOption, DEFAULT_OPTIONS, type ExportOptions, type OptionSet } from './options.ts';
import { plainPath } from './path.ts';

/** Whom an export is for, and how. */
export interface HostRule {
  readonly host: Host;
  readonly options: ExportOptions;
}

/** One exported path. Which of its rules holds for a caller is decided by {@link matchHost}. */
export interface ExportEntry extends Place {
  readonly path: string;
  /** `fsid=`, if one was given. */
  readonly fsid: bigint | undefined;
  /** `mp`: the path that must be a mount point for this one to be served. */
  readonly mountPoint: string | undefined;
  readonly rules: readonly HostRule[];
}

export interface ParsedExports {
  readonly exports: ExportEntry[];
  /** Lines for the log: what is served, but perhaps not as it was meant. */
  readonly warnings: string[];
}

/** MNTPATHLEN (RFC 1813 §5.1.1): no client could ask for a longer one. */
const MAX_PATH_BYTES = 1024;

/** Reads exports(5). Throws {@link ExportsError} with all that is wrong. `file` is its name, for messages. */
export function parseExports(text: string, file: string): ParsedExports {
  return new Parser(text, file).parse();
}

/**
 * Exports the folders to each of the hosts; `options` as in exports(5), but writable unless they say `ro`.
 * Throws {@link ExportsError}.
 */
export function exportsForPaths(paths: readonly string[], hosts: readonly string[], options = 'sync'): ExportEntry[] {
  if (hosts.length === 0) throw new RangeError('no host to export to');
  const octal = (byte: number) => `\\${byte.toString(8).padStart(3, '0')}`;
  const escaped = (path: string) =>
    resolve(path).replace(/[\s"\\#]/g, (character) => [...Buffer.from(character)].map(octal).join(''));
  const rules = hosts.map((host) => `${host}(${options})`).join(' ');
  const lines = paths.map((path) => `${escaped(path)} -rw ${rules}`);
  return parseExports(lines.join('\n'), 'command line').exports;
}

interface Draft {
  readonly entry: Place & { readonly path: string };
  readonly rules: (HostRule & { readonly line: number })[];
  fsid: bigint | undefined;
  mountPoint: string | undefined;
}

class Parser {
  readonly #text: string;
  readonly #file: string;
  readonly #problems: Problem[] = [];
  readonly #warnings: Problem[] = [];
  readonly #drafts = new Map<string, Draft>();
  #lineStarts: number[] | undefined;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
  }

  parse(): ParsedExports {
    for (const line of lex(this.#text, (offset, what) => this.#complain(offset, what))) this.#readLine(line);
    this.#checkFsids();
    const inOrder = (a: Problem, b: Problem) => a.line - b.line || a.column - b.column;
    if (this.#problems.length > 0) throw new ExportsError(this.#problems.sort(inOrder));
    return {
      exports: [...this.#drafts.values()].map(({ entry, fsid, mountPoint, rules }) => ({
        ...entry,
        fsid,
        mountPoint,
        rules: rules.map(({ host, options }) => ({ host, options })),
      })),
      warnings: this.#warnings.sort(inOrder).map(describeProblem),
    };
  }

  #readLine(line: Line): void {
    const [first, ...words] = line.words;
    const draft = this.#readPath(first!);
    let defaults: OptionSet = DEFAULT_OPTIONS;
    let hosts = 0;
    for (const word of rejoined(words)) {
      if (word.text.startsWith('-')) defaults = this.#readOptions(word, 1, word.text.length, defaults);
      else {
        hosts++;
        this.#readHost(word, draft, defaults);
      }
    }
    if (hosts > 0) return;
    this.#warn(first!.offsets[0] ?? line.end, `no host is named for ${first!.text}: everyone may use it; write *`);
    this.#addRule(draft, EVERYONE, defaults, first!.offsets[0] ?? line.end);
  }

  #readPath(word: Word): Draft {
    const offset = word.offsets[0] ?? 0;
    const path = plainPath(word.text);
    if (!path.startsWith('/')) {
      this.#complain(offset, `"${word.text}" is not an absolute path; a line starts with the path to export: /...`);
    } else if (path.split('/').some((name) => name === '.' || name === '..')) {
      this.#complain(offset, `"${word.text}" has a . or .. in it; write the path without`);
    } else if (path.includes('\uFFFD')) {
      // What decoding puts in the place of bytes that it cannot read.
      this.#complain(offset, `"${word.text}" has bytes that are not UTF-8, and paths of exports must be`);
    } else if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
      this.#complain(offset, `a path of ${Buffer.byteLength(path)} bytes; NFS carries at most ${MAX_PATH_BYTES}`);
    }
    let draft = this.#drafts.get(path);
    if (draft === undefined) {
      draft = { entry: { path, ...this.#place(offset) }, rules: [], fsid: undefined, mountPoint: undefined };
      this.#drafts.set(path, draft);
    }
    return draft;
  }

  /** `host`, `host(options)` or `(options)`. */
  #readHost(word: Word, draft: Draft, defaults: OptionSet): void {
    const open = word.text.indexOf('(');
    const name = open < 0 ? word.text : word.text.slice(0, open);
    const offset = word.offsets[0] ?? 0;
    const host = name === '' ? EVERYONE : parseHost(name);
    if (typeof host === 'string') this.#complain(offset, host);
    const meant = networkMeant(name);
    if (meant !== undefined) {
      this.#warn(offset, `"${name}" matches names, not addresses; for the network write ${meant}`);
    }
    let options = defaults;
    if (open >= 0) {
      if (name === '') {
        const advice = 'write * for everyone, or leave out the space between a host and its options';
        this.#warn(offset, `"${word.text}" has no host: everyone may use ${draft.entry.path}; ${advice}`);
      }
      const close = this.#optionsEnd(word, open);
      options = close < 0 ? defaults : this.#readOptions(word, open + 1, close, defaults);
    }
    if (typeof host !== 'string') this.#addRule(draft, host, options, offset);
  }

  /** Where the option list that starts at `open` ends; -1, after a complaint, if it does not end well. */
  #optionsEnd(word: Word, open: number): number {
    const close = word.text.indexOf(')', open);
    const blank = /\s/.exec(word.text.slice(open, close < 0 ? undefined : close));
    if (close < 0) this.#complain(word.offsets[open]!, `"${word.text}": the options are not closed; write )`);
    else if (blank !== null) {
      const written = word.text.replace(/\s+/g, '');
      this.#complain(word.offsets[open + blank.index]!, `a space within options; write ${written}`);
    } else if (close < word.text.length - 1) {
      const rest = word.text.slice(close + 1);
      this.#complain(word.offsets[close + 1]!, `"${rest}" after the options; put a space before the next host`);
    } else return close;
    return -1;
  }

  #readOptions(word: Word, start: number, end: number, defaults: OptionSet): OptionSet {
    let options = defaults;
    for (let at = start; at < end; ) {
      const comma = word.text.indexOf(',', at);
      const stop = comma < 0 || comma > end ? end : comma;
      const applied = applyOption(word.text.slice(at, stop), options);
      if (typeof applied === 'string') this.#complain(word.offsets[at]!, applied);
      else options = applied;
      at = stop + 1;
    }
    return options;
  }

  #addRule(draft: Draft, host: Host, { fsid, mountPoint, ...options }: OptionSet, offset: number): void {
    const { path } = draft.entry;
    if (fsid !== undefined) {
      if (draft.fsid !== undefined && draft.fsid !== fsid) this.#complain(offset, `${path} has two values of fsid=`);
      draft.fsid ??= fsid;
    }
    if (mountPoint !== undefined) {
      const required = mountPoint === '' ? path : plainPath(mountPoint);
      if (draft.mountPoint !== undefined && draft.mountPoint !== required) {
        this.#complain(offset, `${path} has two values of mp=`);
      }
      draft.mountPoint ??= required;
    }
    const earlier = draft.rules.find((rule) => rule.host.text.toLowerCase() === host.text.toLowerCase());
    if (earlier !== undefined) {
      this.#warn(offset, `${path} names "${host.text}" twice; what line ${earlier.line} says counts`);
      return;
    }
    draft.rules.push({ host, options, line: this.#place(offset).line });
  }

  #checkFsids(): void {
    const paths = new Map<bigint, string>();
    for (const { entry, fsid } of this.#drafts.values()) {
      if (fsid === undefined) continue;
      const other = paths.get(fsid);
      if (other === undefined) paths.set(fsid, entry.path);
      else this.#problems.push({ ...place(entry), text: `${entry.path} has the fsid of ${other}; give each its own` });
    }
  }

  #complain(offset: number, text: string): void {
    this.#problems.push({ ...this.#place(offset), text });
  }

  #warn(offset: number, text: string): void {
    this.#warnings.push({ ...this.#place(offset), text });
  }

  #place(offset: number): Place {
    this.#lineStarts ??= [0, ...[...this.#text.matchAll(/\n/g)].map((end) => end.index + 1)];
    let low = 0;
    let high = this.#lineStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#lineStarts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return { file: this.#file, line: low + 1, column: offset - this.#lineStarts[low]! + 1 };
  }
}

function place({ file, line, column }: Place): Place {
  return { file, line, column };
}

/** Joins the words of an option list that was written with spaces, so that it is one mistake and not several. */
function rejoined(words: readonly Word[]): Word[] {
  const joined: Word[] = [];
  for (const word of words) {
    const last = joined.at(-1);
    if (last === undefined || !last.text.includes('(') || last.text.includes(')') || word.text.includes('(')) {
      joined.push(word);
      continue;
    }
    const gap = (last.offsets.at(-1) ?? 0) + 1;
    joined[joined.length - 1] = {
      text: `${last.text} ${word.text}`,
      offsets: [...last.offsets, gap, ...word.offsets],
    };
  }
  return joined;
}
