import fc from 'fast-check';
import { Connection, type Tally } from './connection.ts';
import { callsOf, type Targets } from './grammar.ts';
import { framed, mutate } from './mutate.ts';
import { Random } from './random.ts';
import { readSession, Translation } from './session.ts';

export interface FuzzOptions {
  readonly port: number;
  readonly targets: Targets;
  readonly cases: number;
  readonly seed: number;
  /** Told after each batch how many calls are done. */
  readonly progress?: (done: number) => void;
}

const BATCH = 200;
/** Damaged copies of a recorded call, sent behind it. */
const COPIES = 40;

/** Sends damaged calls of both kinds, by turns. Rejects if the server hangs. */
export async function fuzz(options: FuzzOptions): Promise<Tally> {
  const tally: Tally = { cases: 0, replies: 0, systemErrors: 0, closed: 0 };
  const random = new Random(options.seed);
  const made = grammarBatches(options, random);
  const recorded = sessionBatches(options, random);
  const connection = new Connection(options.port, tally);
  try {
    while (tally.cases < options.cases) {
      await connection.exchange(made.next().value);
      await recorded(connection);
      options.progress?.(tally.cases);
    }
  } finally {
    connection.close();
  }
  return tally;
}

/** Calls of every program by the declared types; most of them are damaged. */
function* grammarBatches({ targets, seed }: FuzzOptions, random: Random): Generator<Buffer[], never> {
  const calls = callsOf(targets);
  for (let batch = 0; ; batch++) {
    yield fc
      .sample(calls, { numRuns: BATCH, seed: seed + batch })
      .map((call) => framed(random, random.below(3) === 0 ? call : mutate(random, call)));
  }
}

/** The recorded session, a call at a time: as it was, with this server's handles, and then damaged copies of it. */
function sessionBatches({ targets }: FuzzOptions, random: Random): (connection: Connection) => Promise<void> {
  const session = readSession();
  const translation = new Translation(session, targets.path);
  let at = 0;
  return async (connection) => {
    const exchange = session[at++ % session.length];
    if (exchange === undefined) return;
    const call = translation.call(exchange.call);
    const reply = await connection.ask(call);
    if (reply !== undefined) translation.learn(exchange, reply);
    await connection.exchange(Array.from({ length: COPIES }, () => framed(random, mutate(random, call))));
  };
}
