import koffi from 'koffi';
import { hardwareOf } from '../../../src/ha/network/interface.ts';
import { bind, socket } from '../../../src/ha/network/libc.ts';
import { linkAddress } from '../../../src/ha/network/socket-address.ts';

const AF_PACKET = 17;
const SOCK_RAW = 3;
const ETH_P_ALL = 3;
const POLL_MS = 5;

const recv = koffi.load(null).func('long recv(int, void*, size_t, int)');

/** Keeps every frame that an interface sends or receives, until the process ends. */
export function capture(device: string): Buffer[] {
  const frames: Buffer[] = [];
  // The protocol is big-endian in both places.
  const fd = socket(AF_PACKET, SOCK_RAW, ETH_P_ALL << 8);
  bind(fd, linkAddress(hardwareOf(device).index, ETH_P_ALL, Buffer.alloc(6)), `capture on ${device}`);
  const frame = Buffer.allocUnsafeSlow(65_536);
  setInterval(() => {
    for (let size: number; (size = Number(recv(fd, frame, frame.length, 0))) > 0; ) {
      frames.push(Buffer.from(frame.subarray(0, size)));
    }
  }, POLL_MS);
  return frames;
}
