import { Socket, type SocketConstructorOpts } from 'node:net';

/** Where a socket's bytes are to be put, asked for before each read; and how many of them have come there. */
export interface Landing {
  buffer(): Buffer;
  callback(bytes: number, buffer: Buffer): boolean;
}

/**
 * Goes on with a connection that a server with `pauseOnConnect` has accepted, on a socket that reads into memory of our
 * choice. Node has `onread` for sockets that connect, not for those that a server accepts, and without it mallocs 64 KiB
 * for each read.
 */
export function landOn(accepted: Socket, landing: Landing): Socket {
  const from = accepted as unknown as { _handle: object | null };
  // `handle` is how net.Server itself makes its sockets; the typings have neither.
  const options: SocketConstructorOpts & { handle: object | null; onread: Landing } = {
    handle: from._handle,
    onread: landing,
  };
  const socket = new Socket(options);
  from._handle = null;
  // Empty now: the server that it belongs to must not wait for it when it closes.
  accepted.destroy();
  return socket;
}
