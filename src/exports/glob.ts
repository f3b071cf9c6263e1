type Part = { readonly kind: 'any' } | { readonly kind: 'one'; readonly matches: (character: string) => boolean };

/** A host name pattern of exports(5): `*` is any text, dots included, `?` one character, `[a-z]` one of a set, `[^a]` none of it. */
export class Glob {
  readonly #parts: readonly Part[];

  private constructor(parts: readonly Part[]) {
    this.#parts = parts;
  }

  /** @returns undefined for a set without its closing bracket. */
  static parse(pattern: string): Glob | undefined {
    const parts: Part[] = [];
    const text = pattern.toLowerCase();
    for (let at = 0; at < text.length; at++) {
      const character = text[at]!;
      if (character === '*') parts.push({ kind: 'any' });
      else if (character === '?') parts.push({ kind: 'one', matches: () => true });
      else if (character !== '[') parts.push({ kind: 'one', matches: (other) => other === character });
      else {
        const inverted = text[at + 1] === '^' || text[at + 1] === '!';
        const start = at + (inverted ? 2 : 1);
        // A bracket that comes first is a member of its set.
        const end = text.indexOf(']', start + 1);
        if (end < 0) return undefined;
        const members = text.slice(start, end);
        parts.push({ kind: 'one', matches: (other) => isMember(other, members) !== inverted });
        at = end;
      }
    }
    return new Glob(parts);
  }

  /** Names match whatever their case (RFC 4343). Takes time linear in pattern times name: the name is a stranger's. */
  matches(name: string): boolean {
    const text = name.toLowerCase();
    let part = 0;
    let at = 0;
    let star = -1;
    let starAt = 0;
    while (at < text.length) {
      const current = this.#parts[part];
      if (current?.kind === 'any') {
        star = part++;
        starAt = at;
      } else if (current?.kind === 'one' && current.matches(text[at]!)) {
        part++;
        at++;
      } else if (star >= 0) {
        part = star + 1;
        at = ++starAt;
      } else return false;
    }
    while (this.#parts[part]?.kind === 'any') part++;
    return part === this.#parts.length;
  }
}

function isMember(character: string, members: string): boolean {
  for (let at = 0; at < members.length; at++) {
    const first = members[at]!;
    const last = members[at + 1] === '-' ? members[at + 2] : undefined;
    if (last === undefined ? character === first : character >= first && character <= last) return true;
    if (last !== undefined) at += 2;
  }
  return false;
}
