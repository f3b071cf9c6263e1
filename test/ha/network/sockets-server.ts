/** A server process as the node daemon starts one: it accepts on the descriptors it was given, and names itself in each answer. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { InheritedSocket } from '../../../src/ha/protocol.ts';

const [name, json] = process.argv.slice(2);
const sockets: InheritedSocket[] = JSON.parse(json!);

for (const { fd, transport } of sockets) {
  if (transport === 'tcp') {
    createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk) => socket.write(`${name}: ${chunk}`));
    }).listen({ fd });
  } else {
    const socket = createSocket('udp4');
    socket.on('message', (message, from) => socket.send(`${name}: ${message}`, from.port, from.address));
    socket.bind({ fd });
  }
}
process.stdout.write('ready\n');
