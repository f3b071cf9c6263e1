import type { Outcome, Result } from '../protocol/runner.ts';
import { CLASSES, conforms, count, grouped, isBad, type Report } from './summary.ts';

const COLOURS: { readonly [outcome in Outcome]: number } = { pass: 32, fail: 31, error: 35, 'not applicable': 33 };
const WORDS: { readonly [outcome in Outcome]: string } = {
  pass: 'pass',
  fail: 'FAIL',
  error: 'ERROR',
  'not applicable': 'n/a',
};
const WORD_WIDTH = 6;
const BAR_WIDTH = 30;
const NAME_WIDTH = 14;

interface Screen {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** Shows a run while it goes on: a bar on a terminal, or with `verbose` a line for each case; then what failed, and counts. */
export class Terminal {
  readonly #screen: Screen;
  readonly #verbose: boolean;
  readonly #colour: boolean;
  readonly #total: number;
  #done = 0;
  #bad = 0;

  constructor(screen: Screen, total: number, { verbose, colour }: { verbose: boolean; colour?: boolean }) {
    this.#screen = screen;
    this.#verbose = verbose;
    this.#colour = colour ?? (screen.isTTY === true && process.env.NO_COLOR === undefined);
    this.#total = total;
  }

  result(result: Result): void {
    this.#done++;
    if (isBad(result)) this.#bad++;
    if (this.#verbose) this.#line(result);
    else if (this.#screen.isTTY === true) this.#bar();
  }

  finish({ target, results, milliseconds }: Report): void {
    if (!this.#verbose && this.#screen.isTTY === true) this.#screen.write('\r\x1b[K');
    const bad = results.filter(isBad);
    if (!this.#verbose) for (const result of bad) this.#line(result);
    if (bad.length > 0) this.#screen.write('\n');
    for (const [group, procedures] of grouped(results)) {
      const all = [...procedures.values()].flat();
      this.#screen.write(`${group.padEnd(NAME_WIDTH)}${this.#counts(all)}\n`);
    }
    this.#screen.write('\n');
    for (const of of CLASSES) {
      const all = results.filter((result) => result.class === of);
      if (all.length > 0) this.#screen.write(`${of.padEnd(NAME_WIDTH)}${this.#counts(all)}\n`);
    }
    const seconds = (milliseconds / 1000).toFixed(1);
    const verdict = conforms(results)
      ? this.#paint(COLOURS.pass, 'every applicable MUST case passes')
      : this.#paint(COLOURS.fail, 'MUST cases fail');
    this.#screen.write(`\n${target}: ${verdict} (${results.length} cases, ${seconds} s)\n`);
  }

  #counts(results: readonly Result[]): string {
    const { pass, fail, error, 'not applicable': other } = count(results);
    const parts = [this.#paint(COLOURS.pass, `${String(pass).padStart(4)} pass`)];
    if (fail > 0) parts.push(this.#paint(COLOURS.fail, `${fail} fail`));
    if (error > 0) parts.push(this.#paint(COLOURS.error, `${error} error`));
    if (other > 0) parts.push(this.#paint(COLOURS['not applicable'], `${other} not applicable`));
    return parts.join(', ');
  }

  #line(result: Result): void {
    const word = this.#paint(COLOURS[result.outcome], WORDS[result.outcome].padEnd(WORD_WIDTH));
    this.#screen.write(`${word} ${result.id}  ${result.title} (${result.class}, ${result.clause})\n`);
    if (result.detail === '') return;
    for (const line of result.detail.split('\n')) this.#screen.write(`${' '.repeat(WORD_WIDTH + 1)}${line}\n`);
  }

  #bar(): void {
    const filled = Math.round((this.#done / this.#total) * BAR_WIDTH);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`;
    const bad = this.#bad > 0 ? this.#paint(COLOURS.fail, `, ${this.#bad} failed`) : '';
    this.#screen.write(`\r\x1b[K${bar} ${this.#done}/${this.#total}${bad}`);
  }

  #paint(colour: number, text: string): string {
    return this.#colour ? `\x1b[${colour}m${text}\x1b[0m` : text;
  }
}
