import { hardwareOf } from './interface.ts';
import { AF_PACKET, close, SOCK_RAW, sendTo, socket } from './libc.ts';
import { linkAddress } from './socket-address.ts';

/** Sends whole Ethernet frames out of one interface. */
export interface FramePort {
  /** The interface's own address; undefined: not an Ethernet. */
  readonly mac: Buffer | undefined;
  send(protocol: number, frame: Buffer): void;
  close(): void;
}

/** Throws {@link SocketError} without the interface or CAP_NET_RAW. */
export function openFramePort(device: string): FramePort {
  const { index, mac } = hardwareOf(device);
  // Protocol 0: it gets nothing that arrives.
  const fd = socket(AF_PACKET, SOCK_RAW, 0);
  return {
    mac,
    // A full queue loses this one; it is sent several times anyway.
    send: (protocol, frame) =>
      void sendTo(fd, frame, linkAddress(index, protocol, frame.subarray(0, 6)), `a frame out of ${device}`),
    close: () => close(fd),
  };
}
