import { XdrWriter } from '../../src/xdr/index.ts';

const NFS = 100_003;
const MOUNT = 100_005;
const PORTMAP = 100_000;

/** Where the calls are to go: handles of a server, so that many of them get past the first check. */
export interface Targets {
  readonly root: Buffer;
  readonly file: Buffer;
  readonly path: string;
}

/** Random numbers that come again with the same seed (xorshift32). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 1;
  }

  /** 0 <= n < bound. */
  below(bound: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % bound;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}

type Args = (to: XdrWriter, random: Random, targets: Targets) => void;

const NAMES = [
  'a',
  'b',
  'file',
  '.',
  '..',
  '',
  'x/y',
  'n\0l',
  'é',
  '\xff\xfe',
  'n'.repeat(255),
  'n'.repeat(256),
  '../../etc',
];
const SIZES = [0, 1, 4095, 4096, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 63];

const name = (to: XdrWriter, random: Random) => to.opaque(Buffer.from(random.pick(NAMES), 'latin1'));
const handle: Args = (to, random, { root, file }) => {
  to.opaque(random.pick([root, root, file, file, Buffer.alloc(0), Buffer.alloc(32), Buffer.alloc(64, 255)]));
};
const directory: Args = (to, random, targets) => {
  handle(to, random, targets);
  name(to, random);
};
const size = (to: XdrWriter, random: Random) => to.uint64(BigInt(random.pick(SIZES)));
const attributes = (to: XdrWriter, random: Random) => {
  for (const bound of [0o7777, 70_000, 70_000]) {
    const set = random.below(2);
    to.uint32(set);
    if (set) to.uint32(random.below(bound));
  }
  const truncate = random.below(2);
  to.uint32(truncate);
  if (truncate) size(to, random);
  for (let time = 0; time < 2; time++) {
    const how = random.below(3);
    to.uint32(how);
    if (how === 2) {
      to.uint32(random.below(2 ** 31));
      to.uint32(random.below(2 ** 30));
    }
  }
};

/** Arguments of every procedure of NFSv3, by number (RFC 1813 §3.3). */
const NFS_ARGS: readonly Args[] = [
  () => {},
  handle,
  (to, random, targets) => {
    handle(to, random, targets);
    attributes(to, random);
    to.uint32(0);
  },
  directory,
  (to, random, targets) => {
    handle(to, random, targets);
    to.uint32(random.below(64));
  },
  handle,
  (to, random, targets) => {
    handle(to, random, targets);
    size(to, random);
    to.uint32(random.pick([0, 1, 4096, 65_536, 2 ** 32 - 1]));
  },
  (to, random, targets) => {
    handle(to, random, targets);
    size(to, random);
    const data = Buffer.alloc(random.pick([0, 1, 100, 4096]), 7);
    to.uint32(random.pick([data.length, data.length, 0, 2 ** 32 - 1]));
    to.uint32(random.below(3));
    to.opaque(data);
  },
  (to, random, targets) => {
    directory(to, random, targets);
    const mode = random.below(3);
    to.uint32(mode);
    if (mode === 2) to.fixed(Buffer.alloc(8, random.below(4)));
    else attributes(to, random);
  },
  (to, random, targets) => {
    directory(to, random, targets);
    attributes(to, random);
  },
  (to, random, targets) => {
    directory(to, random, targets);
    attributes(to, random);
    to.opaque(Buffer.from(random.pick(['/etc/passwd', '..', 'x'.repeat(1024), 'x'.repeat(5000), 'n\0l', ''])));
  },
  (to, random, targets) => {
    directory(to, random, targets);
    const type = random.pick([3, 4, 6, 7, 1, 99]);
    to.uint32(type);
    if ([3, 4, 6, 7].includes(type)) attributes(to, random);
    if (type === 3 || type === 4) {
      to.uint32(random.below(500));
      to.uint32(random.below(500));
    }
  },
  directory,
  directory,
  (to, random, targets) => {
    directory(to, random, targets);
    directory(to, random, targets);
  },
  (to, random, targets) => {
    handle(to, random, targets);
    directory(to, random, targets);
  },
  (to, random, targets) => {
    handle(to, random, targets);
    size(to, random);
    to.fixed(Buffer.alloc(8, random.below(2)));
    to.uint32(random.pick([0, 8, 512, 65_536, 2 ** 32 - 1]));
  },
  (to, random, targets) => {
    handle(to, random, targets);
    size(to, random);
    to.fixed(Buffer.alloc(8));
    to.uint32(random.pick([0, 512, 65_536]));
    to.uint32(random.pick([0, 8, 512, 65_536, 2 ** 32 - 1]));
  },
  handle,
  handle,
  handle,
  (to, random, targets) => {
    handle(to, random, targets);
    size(to, random);
    to.uint32(random.below(65_536));
  },
];

const path: Args = (to, random, targets) => {
  to.opaque(
    Buffer.from(random.pick([targets.path, '/', '', `${targets.path}/..`, `${targets.path}//.//`, 'x'.repeat(1024)])),
  );
};
const nothing: Args = () => {};
const mapping: Args = (to, random) => {
  for (const value of [random.pick([NFS, MOUNT, 5]), random.below(5), random.pick([6, 17, 9]), random.below(70_000)]) {
    to.uint32(value);
  }
};
const binding: Args = (to, random) => {
  to.uint32(random.pick([NFS, MOUNT, 5]));
  to.uint32(random.below(5));
  for (const text of [random.pick(['tcp', 'udp6', 'x', '']), random.pick(['1.2.3.4.5.6', '', '::.1']), 'owner']) {
    to.opaque(Buffer.from(text));
  }
};

const MOUNT_ARGS: readonly Args[] = [nothing, path, nothing, path, nothing, nothing, nothing];
const PORTMAP_ARGS: readonly Args[] = [nothing, mapping, mapping, mapping, nothing, mapping, binding, binding, binding];

const BAD_AUTH = [
  [1, 0xffff_ffff],
  [1, 4],
  [6, 0],
  [2, 0],
];

/** A well-formed call of a random procedure, with arguments that are often unwelcome. */
export function makeCall(random: Random, targets: Targets, xid: number): Buffer {
  const to = new XdrWriter(8192);
  to.uint32(xid);
  to.uint32(0);
  to.uint32(random.below(50) === 0 ? random.below(4) : 2);
  const kind = random.below(10);
  const program = kind < 8 ? NFS : kind === 8 ? MOUNT : PORTMAP;
  const table = program === NFS ? NFS_ARGS : program === MOUNT ? MOUNT_ARGS : PORTMAP_ARGS;
  const procedure = random.below(table.length);
  to.uint32(random.below(100) === 0 ? random.below(2 ** 31) : program);
  to.uint32(program === NFS || random.below(3) > 0 ? 3 : random.below(5));
  to.uint32(random.below(100) === 0 ? random.below(2 ** 31) : procedure);
  if (random.below(30) === 0) for (const word of random.pick(BAD_AUTH)) to.uint32(word);
  else writeCredential(to, random);
  to.uint32(0);
  to.uint32(0);
  table[procedure]!(to, random, targets);
  return to.toBuffer();
}

function writeCredential(to: XdrWriter, random: Random): void {
  const body = new XdrWriter(256);
  const groups = random.below(18);
  body.uint32(0);
  body.opaque(Buffer.from('fuzz'));
  body.uint32(random.pick([0, 1000, 65_534, 2 ** 32 - 1]));
  body.uint32(random.pick([0, 1000, 65_534, 2 ** 32 - 1]));
  body.uint32(groups);
  for (let i = 0; i < groups; i++) body.uint32(random.below(1000));
  to.uint32(1);
  to.opaque(body.toBuffer());
}

const EXTREMES = [0, 1, 3, 4, 255, 0x7fff_ffff, 0x8000_0000, 0xffff_fffc, 0xffff_ffff];

/** The message with some of its bytes changed, cut off or added. */
export function mutate(random: Random, message: Buffer): Buffer {
  let bytes = Buffer.from(message);
  for (let changes = random.below(4); changes > 0 && bytes.length > 8; changes--) {
    // The xid stays, and mostly the word that says CALL: all the rest is fair game.
    const word = 4 * (2 + random.below(Math.max(1, (bytes.length >> 2) - 2)));
    switch (random.below(6)) {
      case 0:
        bytes[8 + random.below(bytes.length - 8)] = random.below(256);
        break;
      case 1:
      case 2:
        if (word + 4 <= bytes.length) bytes.writeUInt32BE(random.pick(EXTREMES), word);
        break;
      case 3:
        bytes = bytes.subarray(0, 8 + random.below(bytes.length - 8));
        break;
      case 4:
        bytes = Buffer.concat([bytes, Buffer.alloc(random.below(40), random.below(256))]);
        break;
      default:
        bytes = Buffer.concat([bytes.subarray(0, word), bytes.subarray(Math.min(bytes.length, word + 4))]);
    }
  }
  return bytes;
}
