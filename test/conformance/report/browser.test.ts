import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { htmlReport } from '../../../conformance/report/html.ts';
import { bigReport } from './report.ts';

const CASES = 1200;
const BROWSER_MILLISECONDS = 120_000;
const PREFERS = { dark: 0, light: 1 } as const;

const chromium = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'chromium'))
  .find((path) => existsSync(path));
const skip = chromium === undefined ? 'no chromium is installed' : false;
const folder = mkdtempSync(join(tmpdir(), 'steadfs-report-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Shown {
  /** The page as the browser holds it after loading. */
  readonly dom: string;
  /** What it wrote to its console. */
  readonly console: readonly string[];
}

async function show(html: string, scheme: keyof typeof PREFERS = 'light', width = 1100): Promise<Shown> {
  const page = join(folder, 'page.html');
  writeFileSync(page, html);
  const { stdout, stderr } = await promisify(execFile)(
    chromium ?? '',
    [
      // The sandbox does not start for root, and the page is our own.
      ...['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${join(folder, 'profile')}`],
      ...['--no-first-run', '--disable-extensions', '--disable-background-networking', '--enable-logging=stderr'],
      ...[`--window-size=${width},1000`, `--blink-settings=preferredColorScheme=${PREFERS[scheme]}`],
      ...['--dump-dom', `file://${page}`],
    ],
    { timeout: BROWSER_MILLISECONDS, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, HOME: folder } },
  );
  return { dom: stdout, console: stderr.split('\n').filter((line) => line.includes(':CONSOLE')) };
}

/** The page, with the answer to a question put into its title by the browser. */
async function ask(html: string, question: string, scheme?: keyof typeof PREFERS, width?: number): Promise<string> {
  const asking = html.replace('</body>', `<script>document.title = String(${question})</script></body>`);
  const { dom } = await show(asking, scheme, width);
  return /<title>([^<]*)<\/title>/.exec(dom)?.[1] ?? '';
}

const html = htmlReport(bigReport(CASES));

test('the report says nothing on the console of a browser, and every case is on the page', { skip }, async () => {
  const control = await show('<script>console.error("heard")</script><img src="missing.png">');
  assert.match(control.console.join('\n'), /heard/, 'the browser is heard at all');
  const { dom, console } = await show(html);
  assert.deepEqual(console, []);
  assert.equal(dom.match(/<li>/g)?.length, CASES);
  assert.ok(!dom.includes('<script'), 'texts of servers stay texts');
});

test('the report needs no scrolling sideways, on wide and on narrow screens', { skip }, async () => {
  for (const width of [1400, 1100, 500]) {
    const opened = html.replaceAll('<details', '<details open');
    const room = await ask(opened, 'document.documentElement.scrollWidth - innerWidth', 'light', width);
    assert.ok(Number(room) <= 0, `${room} pixels too wide on ${width}`);
  }
});

test('the report follows the light or dark preference of the browser', { skip }, async () => {
  const background = `matchMedia('(prefers-color-scheme: dark)').matches
    + ' ' + getComputedStyle(document.querySelector('.verdict')).color`;
  const [light, dark] = [await ask(html, background, 'light'), await ask(html, background, 'dark')];
  assert.match(light, /^false rgb\(207, 34, 46\)/);
  assert.match(dark, /^true rgb\(255, 123, 114\)/);
});
