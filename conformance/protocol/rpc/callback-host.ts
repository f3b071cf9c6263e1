import { randomInt } from 'node:crypto';
import type { Context } from '../context.ts';
import { NotApplicable } from '../expect.ts';
import { NFS3 } from '../programs/nfs3.ts';
import { NLM1, NLM3, NLM4 } from '../programs/nlm.ts';
import { NSM1 } from '../programs/nsm.ts';
import { type mapping, PMAP2, RPCB3, RPCB4, type rpcb } from '../programs/portmap.ts';
import { ALICE } from '../target.ts';
import type { TypeOf } from '../wire.ts';
import { authSys, client } from './client.ts';
import { RpcRefused } from './failures.ts';
import { type Heard, Listener, SILENCE } from './listener.ts';

const PORTMAP_PORT = 111;
const PROGRAMS = [NLM1, NLM3, NLM4, NSM1];

/** Takes part in what the host hears: gives the result of a call, or undefined for one that is not meant for it. */
export type Subscriber = (heard: Heard) => unknown;

const hosts = new Map<string, Promise<CallbackHost>>();

/**
 * The suite as a client's host: a lock manager and a status monitor, and a port mapper at port 111, where servers look for
 * them. There is one for each address, which stays as long as the process, because servers remember its ports.
 */
export class CallbackHost {
  readonly address: string;
  readonly #subscribers: Set<Subscriber>;

  private constructor(address: string, subscribers: Set<Subscriber>) {
    this.address = address;
    this.#subscribers = subscribers;
  }

  /** Throws NotApplicable where the server could not find the suite. */
  static async for(t: Context): Promise<CallbackHost> {
    const address = await addressFor(t);
    const opening = hosts.get(address) ?? CallbackHost.#open(address);
    hosts.set(address, opening);
    const host = await opening;
    await mayUseExport(t, address);
    return host;
  }

  static async #open(address: string): Promise<CallbackHost> {
    const subscribers = new Set<Subscriber>();
    const listener = await Listener.open(address, 0, PROGRAMS, (heard) => {
      for (const subscriber of subscribers) {
        const result = subscriber(heard);
        if (result !== undefined) return result;
      }
      // Hearing of the server's restart is all that a status monitor has to do; no answer would be asked for again.
      return heard.program === NSM1 ? undefined : SILENCE;
    });
    try {
      const mappers = [PMAP2, RPCB3, RPCB4];
      await Listener.open(address, PORTMAP_PORT, mappers, (heard) => whereIs(heard, address, listener.port));
    } catch (error) {
      listener.close();
      const { code } = error as NodeJS.ErrnoException;
      throw new NotApplicable(`the suite cannot be called back: port 111 of ${address} is not to be had (${code})`);
    }
    return new CallbackHost(address, subscribers);
  }

  /** Gives what ends the subscription. */
  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }
}

/** On loopback, port 111 of the usual address is the server's own port mapper: an address of the suite's own is made up. */
const OWN_LOOPBACK = `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(2, 255)}`;

async function addressFor(t: Context): Promise<string> {
  const { localAddress } = await t.tcp();
  return localAddress.startsWith('127.') ? OWN_LOOPBACK : localAddress;
}

async function mayUseExport(t: Context, localAddress: string): Promise<void> {
  const nfs = client(NFS3, await t.tcp(NFS3, { localAddress }), authSys(ALICE));
  const status = await nfs.GETATTR({ object: t.root }).then(
    (res) => res.status,
    (error: unknown) => {
      if (error instanceof RpcRefused) return error.message;
      throw error;
    },
  );
  if (status !== 'NFS3_OK')
    throw new NotApplicable(`the export is not for ${localAddress}, where the suite could be called back: ${status}`);
}

/** What the suite's port mapper answers. */
function whereIs({ procedure, args }: Heard, address: string, port: number): unknown {
  const isOurs = (program: number, version: number) =>
    PROGRAMS.some((each) => each.program === program && each.version === version);
  if (procedure === 'GETPORT') {
    const { prog, vers } = args as TypeOf<typeof mapping>;
    return isOurs(prog, vers) ? port : 0;
  }
  if (procedure !== 'GETADDR') return SILENCE;
  const { r_prog, r_vers } = args as TypeOf<typeof rpcb>;
  return isOurs(r_prog, r_vers) ? `${address}.${port >> 8}.${port & 0xff}` : '';
}
