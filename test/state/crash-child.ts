import { openState } from '../../src/state/index.ts';

/** Adds places for ever, and prints the number of each one after it was acknowledged. Killed by its parent. */
const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('usage: crash-child DIRECTORY');
const store = await openState(directory, { bootId: 'one' });
store.fsidFor('/srv');
let number = 0;
const step = () => {
  for (let i = 0; i < 20; i++) {
    const id = String(number++);
    store.index.add([
      {
        key: Buffer.from(`key ${id}`.padEnd(12)),
        place: { parent: Buffer.from('parent key .'), name: Buffer.from(id) },
      },
    ]);
    if (number % 3 === 0) {
      store.index.remove(Buffer.from(`key ${id}`.padEnd(12)), {
        parent: Buffer.from('parent key .'),
        name: Buffer.from(id),
      });
    }
    process.stdout.write(`${id}\n`);
  }
  setImmediate(step);
};
step();
