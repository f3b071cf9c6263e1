import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Verdict } from '../../../src/ha/health/verdict.ts';
import { HealthWatch } from '../../../src/ha/health/watch.ts';
import { ManagedServer } from '../../../src/ha/node/managed-server.ts';
import type { ProbeAnswers } from '../../../src/ha/node/ports.ts';
import { FakeClock, planOf, WELL, World } from '../node/world.ts';

const SILENT: ProbeAnswers = { ping: { kind: 'silence', milliseconds: 1000 }, roots: [], lock: undefined };

class Subject {
  readonly clock = new FakeClock();
  readonly world = new World(this.clock);
  readonly found: Verdict[] = [];
  readonly server: ManagedServer;
  readonly watch: HealthWatch;
  isLicensed = true;

  constructor() {
    const { ports } = this.world;
    const settings = {
      ...{ package: 'data', node: 'a', stateDirectory: '/s', runDirectory: '/r', port: 2049, paths: [], options: '' },
      ...{ allow: [], exportsFile: undefined, graceSeconds: 0, setQuota: false, names: [], logLevel: '', json: true },
    };
    this.server = new ManagedServer(ports.servers, settings, [], this.clock);
    this.watch = new HealthWatch(ports, planOf(), this.server, {
      isLicensed: () => this.isLicensed,
      found: (verdict) => this.found.push(verdict),
    });
  }

  /** The process says that so many calls have ended. */
  pulse(finished: number): void {
    this.world.servers[0]?.say({ type: 'pulse', finished, running: 0, oldest: 0 });
  }

  get states(): string[] {
    return this.found.map(({ state }) => state);
  }
}

test('a healthy server is no news', async () => {
  const subject = new Subject();
  await subject.clock.advance(60_000);
  assert.deepEqual(subject.states, []);
});

test('silence is slow first and hung later, and an answer ends it', async () => {
  const subject = new Subject();
  await subject.clock.advance(3000);
  subject.world.answers = () => SILENT;
  await subject.clock.until(() => subject.states.length > 0);
  assert.deepEqual(subject.states, ['slow']);
  subject.world.answers = () => WELL;
  await subject.clock.advance(3000);
  assert.deepEqual(subject.states, ['slow', 'well']);
  subject.world.answers = () => SILENT;
  await subject.clock.until(() => subject.states.includes('hung'));
  assert.deepEqual(subject.states, ['slow', 'well', 'slow', 'hung']);
});

test('silence while calls finish is slow', async () => {
  const subject = new Subject();
  let finished = 0;
  subject.world.answers = () => {
    subject.pulse((finished += 10));
    return SILENT;
  };
  await subject.clock.advance(20_000);
  assert.deepEqual(subject.states, ['slow']);
  assert.match(subject.found[0]?.sentence ?? '', /overloaded/);
});

test('what was finished before the question says nothing', async () => {
  const subject = new Subject();
  subject.pulse(1000);
  subject.world.answers = () => SILENT;
  await subject.clock.until(() => subject.states.includes('hung'));
  assert.equal(
    subject.found.some(({ sentence }) => sentence.includes('overloaded')),
    false,
  );
});

test('a server without a licence is silent because it must be', async () => {
  const subject = new Subject();
  subject.isLicensed = false;
  subject.world.answers = () => SILENT;
  await subject.clock.advance(30_000);
  assert.deepEqual(subject.states, []);
  subject.isLicensed = true;
  subject.world.answers = () => WELL;
  await subject.clock.advance(5000);
  assert.deepEqual(subject.states, []);
});

test('a daemon that slept does not take its own absence for silence', async () => {
  const subject = new Subject();
  await subject.clock.advance(3000);
  subject.world.answers = () => SILENT;
  await subject.clock.sleep(60_000);
  assert.deepEqual(subject.states, ['slow']);
});

test('nothing is found after close', async () => {
  const subject = new Subject();
  subject.world.answers = () => SILENT;
  subject.watch.close();
  await subject.clock.advance(30_000);
  assert.deepEqual(subject.states, []);
});
