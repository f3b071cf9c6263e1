/** A word of an exports file, and where each of its characters (UTF-16 units) stands in the text. */
export interface Word {
  readonly text: string;
  readonly offsets: readonly number[];
}

/** A line with its continuations, without blanks and comments. `end` is where it ends in the text. */
export interface Line {
  readonly words: readonly Word[];
  readonly end: number;
}

/** Cuts an exports file into lines of words. `complain` is told of what cannot be read, and reading goes on. */
export function lex(text: string, complain: (offset: number, what: string) => void): Line[] {
  const lines: Line[] = [];
  let words: Word[] = [];
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  for (;;) {
    at = skipBlanks(text, at);
    const character = text[at];
    if (character === undefined || character === '\n') {
      if (words.length > 0) lines.push({ words, end: at });
      words = [];
      if (character === undefined) return lines;
      at++;
    } else {
      const word = readWord(text, at, complain);
      words.push(word);
      at = word.next;
    }
  }
}

const isBlank = (character: string | undefined): boolean =>
  character === ' ' || character === '\t' || character === '\r' || character === '\v' || character === '\f';

/** Bytes of a continuation (backslash, line end) at an offset; 0 if there is none. */
function continuation(text: string, at: number): number {
  if (text[at] !== '\\') return 0;
  if (text[at + 1] === '\n') return 2;
  return text[at + 1] === '\r' && text[at + 2] === '\n' ? 3 : 0;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  for (;;) {
    if (isBlank(text[at])) at++;
    else if (continuation(text, at) > 0) at += continuation(text, at);
    else if (text[at] === '#') {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
    } else return at;
  }
}

function readWord(
  text: string,
  from: number,
  complain: (offset: number, what: string) => void,
): Word & { next: number } {
  let word = '';
  const offsets: number[] = [];
  let at = from;
  let quote = -1;
  const put = (piece: string, offset: number) => {
    word += piece;
    for (let unit = 0; unit < piece.length; unit++) offsets.push(offset);
  };
  for (;;) {
    const character = text[at];
    const ends = character === undefined || character === '\n';
    if (ends && quote >= 0) complain(quote, 'a quote that is not closed; write " at the end of the path');
    // As in nfs-utils a comment may begin inside a word; quotes keep it from that.
    if (ends || (quote < 0 && (isBlank(character) || character === '#' || continuation(text, at) > 0))) {
      return { text: word, offsets, next: at };
    }
    const escaped = octalEscapes(text, at);
    if (character === '"') {
      quote = quote < 0 ? at : -1;
      at++;
    } else if (escaped !== undefined) {
      if (escaped.what !== undefined) complain(at, escaped.what);
      put(escaped.text, at);
      at = escaped.next;
    } else if (continuation(text, at) > 0) {
      put(' ', at);
      at += continuation(text, at);
      while (isBlank(text[at])) at++;
    } else {
      put(character, at);
      at++;
    }
  }
}

const ESCAPES = /(?:\\[0-7]{3})+/y;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A run of `\040`: bytes, which together are UTF-8. */
function octalEscapes(text: string, from: number): { text: string; next: number; what?: string } | undefined {
  ESCAPES.lastIndex = from;
  const run = ESCAPES.exec(text)?.[0];
  if (run === undefined) return undefined;
  const next = from + run.length;
  const bytes = run
    .slice(1)
    .split('\\')
    .map((digits) => Number.parseInt(digits, 8));
  if (bytes.some((byte) => byte > 0o377)) return { text: '?', next, what: `"${run}" is more than a byte, \\377` };
  if (bytes.includes(0)) return { text: '?', next, what: 'a path cannot hold a zero byte, \\000' };
  try {
    return { text: decoder.decode(Uint8Array.from(bytes)), next };
  } catch {
    return { text: '?', next, what: `the bytes "${run}" are not UTF-8, and paths of exports must be` };
  }
}
