import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { MOUNT1, MOUNT2, MOUNT3 } from '../../conformance/protocol/programs/mount.ts';
import { NFS2 } from '../../conformance/protocol/programs/nfs2.ts';
import { NFS3 } from '../../conformance/protocol/programs/nfs3.ts';
import { ACL3 } from '../../conformance/protocol/programs/nfsacl.ts';
import { NLM1, NLM3, NLM4 } from '../../conformance/protocol/programs/nlm.ts';
import { PMAP2, RPCB3, RPCB4 } from '../../conformance/protocol/programs/portmap.ts';
import type { Procedure, Program } from '../../conformance/protocol/programs/program.ts';
import { call_msg, reply_msg } from '../../conformance/protocol/programs/rpc.ts';
import { decode, encode, WireError } from '../../conformance/protocol/wire.ts';
import type { Exchange } from './pcap.ts';

const FIXTURE = fileURLToPath(new URL('session.txt', import.meta.url));
const PROGRAMS: readonly Program[] = [
  ...[NFS3, NFS2, MOUNT3, MOUNT2, MOUNT1, ACL3, NLM4, NLM3, NLM1, PMAP2, RPCB3, RPCB4],
];
/** Shorter bytes are no handles: cookies and verifiers come as they are. */
const SHORTEST_MAPPED = 8;

interface Known {
  readonly name: string;
  readonly procedure: Procedure<unknown, unknown>;
}

/** The procedure that a call is for, if the suite has a declaration of it. */
export function procedureOf(message: Buffer): Known | undefined {
  const { prog, vers, proc } = decode(call_msg, message);
  const program = PROGRAMS.find((each) => each.program === prog && each.version === vers);
  const found = Object.entries(program?.procedures ?? {}).find(([, { number }]) => number === proc);
  return program === undefined || found === undefined
    ? undefined
    : { name: `${program.name}/${found[0]}`, procedure: found[1] };
}

/** One line for each exchange: the procedure's name, call and reply. */
export function writeSession(exchanges: readonly Exchange[]): void {
  const lines = exchanges.map(
    ({ call, reply }) => `${procedureOf(call)?.name} ${call.toString('base64')} ${reply.toString('base64')}\n`,
  );
  writeFileSync(FIXTURE, lines.join(''));
}

export function readSession(): Exchange[] {
  const lines = readFileSync(FIXTURE, 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const [, call = '', reply = ''] = line.split(' ');
    return { call: Buffer.from(call, 'base64'), reply: Buffer.from(reply, 'base64') };
  });
}

/**
 * Plays a recorded session against another server: handles and verifiers of the recording are exchanged for those that
 * this server gave at the same place, and the recorded export's path for this one's.
 */
export class Translation {
  readonly #path: { readonly recorded: string; readonly live: string };
  readonly #bytes = new Map<string, Buffer>();

  constructor(session: readonly Exchange[], path: string) {
    this.#path = { recorded: exportOf(session), live: path };
  }

  /** The call as it has to be for this server. */
  call(recorded: Buffer): Buffer {
    const known = procedureOf(recorded);
    if (known === undefined) return recorded;
    const message = decode(call_msg, recorded);
    const args = this.#translate(decode(known.procedure.args, message.args));
    return encode(call_msg, { ...message, args: encode(known.procedure.args, args) });
  }

  /** Learns from a reply to a call what stands for what. */
  learn({ call, reply: recorded }: Exchange, live: Buffer): void {
    const known = procedureOf(call);
    if (known === undefined) return;
    const [theirs, ours] = [resultOf(known, recorded), resultOf(known, live)];
    if (theirs !== undefined && ours !== undefined) this.#pair(theirs, ours);
  }

  #pair(theirs: unknown, ours: unknown): void {
    if (Buffer.isBuffer(theirs) && Buffer.isBuffer(ours)) {
      if (theirs.length >= SHORTEST_MAPPED) this.#bytes.set(theirs.toString('latin1'), ours);
      return;
    }
    if (!isObject(theirs) || !isObject(ours)) return;
    if (theirs.status !== undefined && !isDeepStrictEqual(theirs.status, ours.status)) return;
    for (const key of Object.keys(theirs)) this.#pair(theirs[key], ours[key]);
  }

  #translate(value: unknown): unknown {
    if (Buffer.isBuffer(value)) return this.#bytes.get(value.toString('latin1')) ?? value;
    if (typeof value === 'string') return value.replace(this.#path.recorded, this.#path.live);
    if (Array.isArray(value)) return value.map((item) => this.#translate(item));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#translate(item)]));
  }
}

/** What version 3's first MNT asked for. */
function exportOf(session: readonly Exchange[]): string {
  for (const { call } of session) {
    if (procedureOf(call)?.name === 'MOUNTv3/MNT') {
      const path = decode(MOUNT3.procedures.MNT.args, decode(call_msg, call).args);
      if (typeof path === 'string') return path;
    }
  }
  throw new Error('the session mounts nothing');
}

function resultOf({ procedure }: Known, reply: Buffer): unknown {
  try {
    const { body } = decode(reply_msg, reply);
    if (body.reply_stat !== 'MSG_ACCEPTED' || body.reply.accept_stat !== 'SUCCESS') return undefined;
    return decode(procedure.res, body.reply.results);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null;
}
