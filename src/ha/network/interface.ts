import { AF_INET, ioctl, SOCK_DGRAM, socket } from './libc.ts';

const SIOCGIFFLAGS = 0x8913;
const SIOCGIFHWADDR = 0x8927;
const SIOCGIFINDEX = 0x8933;
const IFF_UP = 0x1;
const IFF_RUNNING = 0x40;
const ARPHRD_ETHER = 1;
/** `struct ifreq`: 16 bytes for the name, then what is asked. */
const IFREQ_BYTES = 40;
const NAME_BYTES = 16;

let asking: number | undefined;

/** True if the interface is switched on and its link works: carrier, and whatever the driver or a bond adds to it. */
export function isLinkUp(device: string): boolean {
  try {
    const flags = ask(device, SIOCGIFFLAGS).readUInt16LE(NAME_BYTES);
    return (flags & IFF_UP) !== 0 && (flags & IFF_RUNNING) !== 0;
  } catch {
    return false; // There is no such interface (any more).
  }
}

export interface Hardware {
  /** What the kernel knows the interface by. */
  readonly index: number;
  /** Six bytes; undefined: not an Ethernet, there is nobody to be told. */
  readonly mac: Buffer | undefined;
}

/** Throws {@link SocketError} if there is no such interface. */
export function hardwareOf(device: string): Hardware {
  const hardware = ask(device, SIOCGIFHWADDR);
  const isEthernet = hardware.readUInt16LE(NAME_BYTES) === ARPHRD_ETHER;
  return {
    index: ask(device, SIOCGIFINDEX).readInt32LE(NAME_BYTES),
    mac: isEthernet ? Buffer.from(hardware.subarray(NAME_BYTES + 2, NAME_BYTES + 8)) : undefined,
  };
}

function ask(device: string, question: number): Buffer {
  const request = Buffer.alloc(IFREQ_BYTES);
  request.write(device, 0, NAME_BYTES - 1, 'latin1');
  // One socket for the life of the process: it is asked several times a second.
  asking ??= socket(AF_INET, SOCK_DGRAM, 0);
  ioctl(asking, question, request, `interface ${device}`);
  return request;
}
