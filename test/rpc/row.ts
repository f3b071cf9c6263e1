import assert from 'node:assert/strict';
import {
  type AnyProcedure,
  AUTH_NONE,
  type Call,
  NO_REPLY,
  type Peer,
  type ProgramVersion,
} from '../../src/rpc/index.ts';
import { type Xdr, XdrReader, XdrWriter } from '../../src/xdr/index.ts';

/** Calls a row the way the dispatcher does, through the wire form of arguments and result. */
export async function callRow(
  programs: readonly ProgramVersion[],
  version: number,
  name: string,
  args: unknown,
  from: Partial<Peer> = {},
): Promise<unknown> {
  const program = programs.find((candidate) => candidate.version === version);
  const row: AnyProcedure | undefined = program?.procedures.find((candidate) => candidate.name === name);
  assert.ok(program !== undefined && row !== undefined, `version ${version} has a ${name}`);
  const call: Call = {
    xid: 1,
    program: program.program,
    version,
    procedure: row.number,
    credential: { flavor: AUTH_NONE, unix: undefined },
    peer: peerOf(from),
  };
  const result = await row.handle(overWire(row.args, args), call);
  return result === NO_REPLY ? NO_REPLY : overWire(row.res, result);
}

/** A caller on another host, unless told. */
export function peerOf(from: Partial<Peer>): Peer {
  return {
    transport: 'tcp',
    address: '192.0.2.9',
    port: 700,
    localAddress: '192.0.2.1',
    localPort: 2049,
    maxData: 1 << 20,
    ...from,
  };
}

export function overWire<T>(type: Xdr<T>, value: T): T {
  const writer = new XdrWriter();
  type.write(writer, value);
  const reader = new XdrReader(writer.toBuffer());
  const read = type.read(reader);
  reader.finish();
  return read;
}
