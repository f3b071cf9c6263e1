import { array, opaque, optional, struct, type TypeOf, uint32, XdrReader, XdrWriter } from '../xdr/index.ts';
import { AUTH_SYS, type Credential } from './credential.ts';
import type { Call, Peer } from './program.ts';

const MAX_BYTES = 1 << 16;

/** A call as the reply journal keeps it while nobody knows whether it was carried out. */
const keptIntent = struct({
  xid: uint32,
  program: uint32,
  version: uint32,
  procedure: uint32,
  flavor: uint32,
  unix: optional(struct({ uid: uint32, gid: uint32, gids: array(uint32, 16) })),
  isUdp: uint32,
  port: uint32,
  address: opaque(64),
  note: opaque(MAX_BYTES),
  args: opaque(MAX_BYTES),
});
type KeptIntent = TypeOf<typeof keptIntent>;

const writer = new XdrWriter();

/** Written by hand, for it is in the way of every call that changes something; {@link keptIntent} is what it writes. */
export function encodeIntent({ xid, program, version, procedure, credential, peer }: Call, note: Buffer, args: Buffer) {
  const { flavor, unix } = credential;
  writer.uint32(xid);
  writer.uint32(program);
  writer.uint32(version);
  writer.uint32(procedure);
  writer.uint32(flavor);
  writer.bool(unix !== undefined);
  if (unix !== undefined) {
    writer.uint32(unix.uid);
    writer.uint32(unix.gid);
    writer.uint32(unix.gids.length);
    for (const gid of unix.gids) writer.uint32(gid);
  }
  writer.uint32(peer.transport === 'udp' ? 1 : 0);
  writer.uint32(peer.port);
  writer.opaque(Buffer.from(peer.address, 'latin1'));
  writer.opaque(note);
  writer.opaque(args);
  const bytes = writer.toBuffer();
  writer.reuse();
  return bytes;
}

/** Throws XdrError for bytes of another version of this program. */
export function decodeIntent(bytes: Buffer): { readonly call: Call; readonly note: Buffer; readonly args: Buffer } {
  const from = new XdrReader(bytes);
  const kept = keptIntent.read(from);
  from.finish();
  const { xid, program, version, procedure, note, args } = kept;
  return { call: { xid, program, version, procedure, credential: credentialOf(kept), peer: peerOf(kept) }, note, args };
}

function credentialOf({ flavor, unix }: KeptIntent): Credential {
  if (flavor !== AUTH_SYS || unix === undefined) return { flavor, unix: undefined };
  return { flavor, unix: { machineName: Buffer.alloc(0), ...unix } };
}

/** Where the call came in, nobody asks any more. */
function peerOf({ isUdp, port, address }: KeptIntent): Peer {
  return {
    ...{ transport: isUdp ? 'udp' : 'tcp', address: address.toString('latin1'), port },
    ...{ localAddress: '', localPort: 0, maxData: 0 },
  };
}
