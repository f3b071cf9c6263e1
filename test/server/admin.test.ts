import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { AdminUnreachable, adminSocketPath, askServer } from '../../src/server/admin.ts';
import { scratchDirectory } from '../state/scratch.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n';

for (const [what, answer] of [
  ['that ends in the middle of its answer', (socket: Socket) => socket.end(`${HEAD}{"locks":`)],
  ['that is killed in the middle of its answer', (socket: Socket) => socket.write(HEAD, () => socket.destroy())],
  ['that says something else than JSON', (socket: Socket) => socket.end('HTTP/1.0 200 OK\r\n\r\n<html>')],
] as const) {
  test(`askServer: a server ${what} is an error of the question`, async (t) => {
    const directory = scratchDirectory();
    const server = createServer((socket) => socket.once('data', () => answer(socket)));
    await new Promise<void>((resolve) => server.listen(adminSocketPath(directory), resolve));
    t.after(() => server.close());
    await assert.rejects(askServer(directory, 'GET /locks'), AdminUnreachable);
  });
}
