import type { TomlError } from 'smol-toml';
import { SettingLines } from './config-lines.ts';
import { exampleOf } from './config-schema.ts';

/** By what the parser says of what is wrong. */
const REMEDIES = [
  [/redefine/, 'it is there already; leave one of the two out'],
  [/comma or end|unfinished|table array/, 'write lists with commas and both brackets, such as ["eth0", "eth1"]'],
  [/control characters/, 'write both quotation marks on one line, such as "files"'],
  [/escape/, 'write each backslash twice'],
] as const;

/** What is wrong with a text that is no TOML, and what to write instead. */
export function syntaxProblem(text: string, { message, line }: TomlError): string {
  const [first = ''] = message.split('\n');
  const what = first.replace(/^Invalid TOML document: /, '');
  const known = REMEDIES.find(([pattern]) => pattern.test(what))?.[1];
  return `${what}; ${known ?? `write for example ${exampleAt(text, line)}`}`;
}

/** What the line may have been meant to say. */
function exampleAt(text: string, line: number): string {
  const [, key] = /^\s*([\w-]+)/.exec(text.split('\n')[line - 1] ?? '') ?? [];
  const example = key === undefined ? undefined : exampleOf([...new SettingLines(text).tableAt(line), key]);
  return example ?? 'name = "data", with quotation marks around texts';
}
