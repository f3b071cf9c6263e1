import { randomBytes, randomInt } from 'node:crypto';
import type { Context } from '../context.ts';
import { NotApplicable } from '../expect.ts';
import { type mon_id, status } from '../programs/nsm.ts';
import { PMAP2 } from '../programs/portmap.ts';
import { procedure, program } from '../programs/program.ts';
import { authSys, client } from '../rpc/client.ts';
import { NoReply } from '../rpc/failures.ts';
import { type Heard, Listener } from '../rpc/listener.ts';
import { ROOT } from '../target.ts';
import type { TypeOf } from '../wire.ts';
import { type Nsm, ownHost } from './hosts.ts';

type MonId = TypeOf<typeof mon_id>;
export type Told = TypeOf<typeof status>;

const TELL_MILLISECONDS = 20_000;
const TELL = 7;
/** Program numbers that anybody may use for a while (RFC 5531 §8.3). */
const FIRST_TRANSIENT = 0x4000_0000;
const TRANSIENT = 0x1fff_ffff;
const PORTMAP_PORT = 111;
const IPPROTO = [6, 17] as const;

/** A program on the server's host that has other hosts watched, as a lock manager does. */
export class Watcher {
  readonly #number: number;
  readonly #told: Told[] = [];
  #heard: () => void = () => undefined;

  private constructor(number: number) {
    this.#number = number;
  }

  /** Lives while `body` runs. Throws NotApplicable where the suite is not on the server's host, or could not be found. */
  static async during(t: Context, body: (watcher: Watcher, nsm: Nsm) => Promise<void>): Promise<void> {
    const nsm = await ownHost(t);
    const missing = await t.target.missing(PMAP2);
    if (missing !== undefined) throw new NotApplicable(`a program cannot be made known to the server: ${missing}`);
    const { port } = await t.target.endpoint(PMAP2);
    if (port !== PORTMAP_PORT)
      throw new NotApplicable(`the server looks for programs at port 111, and the suite at ${port}`);
    const watcher = new Watcher(FIRST_TRANSIENT + randomInt(TRANSIENT));
    const table = program('watcher', watcher.#number, 1, { NULL: procedure(0), TELL: procedure(TELL, status) });
    const listener = await Listener.open('127.0.0.1', 0, [table], (heard) => watcher.#hear(heard));
    const portmap = client(PMAP2, await t.tcp(PMAP2), authSys(ROOT));
    const mapping = { prog: watcher.#number, vers: 1, port: listener.port };
    try {
      for (const prot of IPPROTO)
        if (!(await portmap.SET({ ...mapping, prot })))
          throw new NotApplicable("the server's port mapper takes no programs of others");
      await body(watcher, nsm);
    } finally {
      await portmap.UNSET({ ...mapping, prot: 0 }).catch(() => undefined);
      listener.close();
    }
  }

  /** What a host is watched as. */
  id(mon_name: string): MonId {
    return { mon_name, my_id: { my_name: 'localhost', my_prog: this.#number, my_vers: 1, my_proc: TELL } };
  }

  /** Has a host watched; gives the private bytes that come with what is told of it. */
  async watch(nsm: Nsm, mon_name: string): Promise<Buffer> {
    const priv = randomBytes(16);
    const { res_stat } = await nsm.MON({ mon_id: this.id(mon_name), priv });
    // Linux's statd watches for the kernel's lock manager alone.
    if (res_stat === 'STAT_FAIL') throw new NotApplicable('the status monitor watches for no program of this kind');
    return priv;
  }

  /** What was told with these private bytes. Throws NoReply. */
  async told(priv: Buffer): Promise<Told> {
    const deadline = Date.now() + TELL_MILLISECONDS;
    for (;;) {
      const told = this.#told.find((each) => each.priv.equals(priv));
      if (told !== undefined) return told;
      const left = deadline - Date.now();
      if (left <= 0) throw new NoReply(`nothing was told within ${TELL_MILLISECONDS / 1000} s`);
      await this.#next(left);
    }
  }

  /** Whether anything was told with these private bytes by now. */
  knows(priv: Buffer): boolean {
    return this.#told.some((each) => each.priv.equals(priv));
  }

  #hear({ args }: Heard): undefined {
    this.#told.push(args as Told);
    this.#heard();
  }

  #next(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#heard = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
