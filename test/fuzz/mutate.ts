import { fragment, record } from '../../conformance/protocol/rpc/tcp.ts';
import type { Random } from './random.ts';

const EXTREMES = [0, 1, 3, 4, 255, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc, 0xffff_ffff];
const MARKS = [0xffff_ffff, 0x8000_0000, 0, 0x7fff_ffff];
/** The xid and the word that says CALL stay: all the rest is fair game. */
const KEPT = 8;

/** The message with up to three of its bytes or words changed, cut off, added or swallowed. */
export function mutate(random: Random, message: Buffer): Buffer {
  let bytes: Buffer = Buffer.from(message);
  for (let changes = random.below(4); changes > 0 && bytes.length > KEPT; changes--) bytes = mutateOnce(random, bytes);
  return bytes;
}

function mutateOnce(random: Random, bytes: Buffer): Buffer {
  const at = KEPT + random.below(bytes.length - KEPT);
  const word = KEPT + 4 * random.below(Math.max(1, (bytes.length - KEPT) >> 2));
  switch (random.below(6)) {
    case 0:
      bytes[at] = random.below(256);
      return bytes;
    case 1:
    case 2:
      if (word + 4 <= bytes.length) bytes.writeUInt32BE(random.pick(EXTREMES), word);
      return bytes;
    case 3:
      return bytes.subarray(0, at);
    case 4:
      return Buffer.concat([bytes, Buffer.alloc(random.below(40), random.below(256))]);
    default:
      return Buffer.concat([bytes.subarray(0, word), bytes.subarray(Math.min(bytes.length, word + 4))]);
  }
}

/** The message as TCP carries it: mostly well, sometimes in fragments, seldom with a record mark that is wrong or missing. */
export function framed(random: Random, message: Buffer): Buffer {
  switch (random.below(4000)) {
    case 0: {
      const mark = Buffer.alloc(4);
      mark.writeUInt32BE(random.pick(MARKS));
      return Buffer.concat([mark, message]);
    }
    case 1:
      return message;
    default:
      return random.below(8) === 0 ? inFragments(message, 1 + random.below(50)) : record(message);
  }
}

function inFragments(message: Buffer, size: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    pieces.push(fragment(message.subarray(at, at + size), at + size >= message.length));
  }
  return Buffer.concat(pieces);
}
