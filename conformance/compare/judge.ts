import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CommandFailed } from '../lab/command.ts';
import { type Lab, SERVER_IPV6, type ServerProcess, withLab } from '../lab/lab.ts';
import { type Export, SERVERS, type ServerName } from '../lab/target.ts';
import type { Result } from '../protocol/runner.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const RUN_MILLISECONDS = 40 * 60_000;
const POLL_MILLISECONDS = 50;
const MOST_SAID = 500;
const EXPORT_OPTIONS = ['rw', 'async', 'no_root_squash'];

export interface JudgeOptions {
  /** Patterns of case ids; none: every case. */
  readonly only: readonly string[];
  /** Where the HTML report is to go. */
  readonly html?: string | undefined;
  /** Where a line for each case is to go, in the order in which they ended. */
  readonly log?: string | undefined;
}

export interface Judged {
  readonly results: readonly Result[];
  /** A line for each time that the server ended by itself. */
  readonly crashes: readonly string[];
}

/** Starts a server in a lab of its own, with two exports, and lets the whole suite judge it, over restarts too. */
export function judge(name: ServerName, options: JudgeOptions): Promise<Judged> {
  return withLab(async (lab) => {
    const exports = ['export', 'second'].map((folder): Export => {
      const path = join(lab.folder, folder);
      mkdirSync(path);
      chmodSync(path, 0o777);
      return { path, options: EXPORT_OPTIONS };
    });
    const restarts = await Restarts.begin(lab, () => SERVERS[name](lab, exports));
    const report = join(lab.folder, 'report.json');
    const [path, second] = exports.map((each) => each.path);
    const args = [
      ...['--import', 'tsx', 'src/cli/main.ts', 'conformance', `127.0.0.1:${path}`, '--second-export', `${second}`],
      ...['--host6', SERVER_IPV6, '--restart', restarts.command, '--json', report, '-v'],
      ...(options.html === undefined ? [] : ['--html', options.html]),
      ...options.only.flatMap((pattern) => ['--only', pattern]),
    ];
    const running = lab.run(process.execPath, args, { cwd: REPOSITORY, timeoutMs: RUN_MILLISECONDS });
    const outcome = await restarts.serveUntil(running);
    if (options.log !== undefined) writeFileSync(options.log, outcome.stdout + outcome.stderr);
    if (!existsSync(report)) throw new CommandFailed(`the suite did not get to its end with ${name}`, outcome);
    const { results } = JSON.parse(readFileSync(report, 'utf8')) as { readonly results: Result[] };
    return { results, crashes: restarts.crashes };
  });
}

/** Restarts the server when the suite, a process inside the lab, asks for it by a file; and when it has ended by itself. */
class Restarts {
  readonly command: string;
  /** What the server said at the end of each life that nobody asked it to end. */
  readonly crashes: string[] = [];
  readonly #asked: string;
  readonly #done: string;
  readonly #start: () => Promise<ServerProcess>;
  #server: ServerProcess | undefined;

  private constructor(lab: Lab, start: () => Promise<ServerProcess>) {
    this.#asked = join(lab.folder, 'restart-asked');
    this.#done = join(lab.folder, 'restart-done');
    this.#start = start;
    this.command = `rm -f ${this.#done}; touch ${this.#asked}; until [ -e ${this.#done} ]; do sleep 0.05; done`;
  }

  static async begin(lab: Lab, start: () => Promise<ServerProcess>): Promise<Restarts> {
    const restarts = new Restarts(lab, start);
    await restarts.#again();
    return restarts;
  }

  async serveUntil<T>(running: Promise<T>): Promise<T> {
    let over = false;
    const end = () => {
      over = true;
    };
    running.then(end, end);
    while (!over) {
      const asked = existsSync(this.#asked);
      if (asked) rmSync(this.#asked);
      if (asked || this.#server === undefined) await this.#again();
      if (asked) writeFileSync(this.#done, '');
      await sleep(POLL_MILLISECONDS);
    }
    // What ends it now is the lab's end.
    this.#server = undefined;
    return running;
  }

  async #again(): Promise<void> {
    const old = this.#server;
    this.#server = undefined;
    await old?.stop();
    const server = await this.#start();
    this.#server = server;
    void server.ended.then((code) => {
      if (this.#server !== server) return;
      this.#server = undefined;
      this.crashes.push(`ended with code ${code}: ${server.output.slice(-MOST_SAID)}`);
    });
  }
}
