import { fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FromServer } from '../protocol.ts';
import type { ServerSpawner } from './ports.ts';
import { startTimeOf } from './watchdog.ts';

/** The server process's own program, beside this one: compiled if this is. */
const ENTRY = fileURLToPath(new URL(`../../server/managed-process${extname(import.meta.url)}`, import.meta.url));
/** Standard input, output and error, and the channel for messages, come before the sockets. */
const FIRST_SOCKET = 4;

/** Starts server processes on this host. */
export const hostServers: ServerSpawner = {
  spawn(settings, sockets, received) {
    const child = fork(ENTRY, [], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...sockets.map(({ fd }) => fd)],
      // A Ctrl-C on the daemon's terminal is for the daemon, which then ends its servers in order.
      detached: true,
    });
    const exited = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`));
      child.once('error', (error) => {
        if (child.pid === undefined) resolve(error.message);
      });
    });
    child.on('message', (message: FromServer) => received(message));
    const send = (message: object) => {
      if (child.connected) child.send(message, () => {});
    };
    const inherited = sockets.map((socket, index) => ({ ...socket, fd: FIRST_SOCKET + index }));
    send({ type: 'prepare', settings: { ...settings, sockets: inherited } });
    return {
      pid: child.pid ?? 0,
      startTime: (child.pid !== undefined && startTimeOf(child.pid)) || '',
      send,
      kill: (signal) => child.kill(signal),
      exited,
    };
  },
};
