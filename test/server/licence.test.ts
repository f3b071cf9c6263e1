import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { LicenceLost } from '../../src/common/licence.ts';
import { Licence } from '../../src/server/licence.ts';
import { LicenceWatch } from '../../src/server/licence-watch.ts';
import { RememberingLog } from '../rpc/wire.ts';

test('a licence holds until its moment, and is asked of the clock each time', () => {
  let now = 0;
  const licence = new Licence(() => now);
  assert.equal(licence.holds(), false, 'none was given yet');
  licence.extend(100);
  now = 99.9;
  licence.check();
  now = 100;
  assert.equal(licence.holds(), false);
  assert.equal(licence.hasRefused, false);
  assert.throws(() => licence.check(), LicenceLost);
  assert.equal(licence.hasRefused, true);
});

test('changes that other threads make are known until they end, well or badly', async () => {
  const licence = new Licence(() => 0);
  let end = () => {};
  const work = licence.elsewhere(
    new Promise<string>((resolve) => {
      end = () => resolve('done');
    }),
  );
  const failing = licence.elsewhere(Promise.reject(new Error('disk')));
  assert.equal(licence.hasChangesElsewhere, true);
  await assert.rejects(failing, /disk/);
  assert.equal(licence.hasChangesElsewhere, true);
  end();
  assert.equal(await work, 'done');
  assert.equal(licence.hasChangesElsewhere, false);
});

/** A watch over a licence, with a clock and timers that tests move. */
function watched(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  const licence = new Licence(() => now);
  const events: string[] = [];
  const watch = new LicenceWatch({
    licence,
    lastResort: {
      set: (milliseconds) => events.push(`killed in ${milliseconds}`),
      disarm: () => events.push('disarmed'),
    },
    log: new RememberingLog(),
    resumed: () => events.push('resumed'),
    end: (why) => events.push(why),
  });
  const pass = (milliseconds: number) => {
    now += milliseconds;
    t.mock.timers.tick(milliseconds);
  };
  return { licence, watch, events, pass, told: () => events.splice(0) };
}

test('as long as the licence is renewed in time, nothing but the last resort moves on', (t) => {
  const { watch, pass, told } = watched(t);
  for (let i = 1; i <= 5; i++) {
    watch.renew(i * 1000 + 500);
    assert.deepEqual(told(), ['killed in 2500']);
    pass(1000);
  }
  assert.deepEqual(told(), []);
});

test('a licence that is not renewed ends the process a second later', (t) => {
  const { watch, pass, told } = watched(t);
  watch.renew(1000);
  pass(1000);
  assert.deepEqual(told(), ['killed in 2000']);
  pass(999);
  assert.deepEqual(told(), []);
  pass(1);
  assert.deepEqual(told(), ['the licence has run out']);
});

test('a licence that is renewed within that second goes on, and clients connect again', (t) => {
  const { watch, pass, told } = watched(t);
  watch.renew(1000);
  pass(1500);
  told();
  watch.renew(4000);
  assert.deepEqual(told(), ['killed in 3500', 'resumed']);
  pass(2499);
  assert.deepEqual(told(), []);
});

test('a change that was refused in between ends the process: its memory may be ahead of what is kept', (t) => {
  const { licence, watch, pass, told } = watched(t);
  watch.renew(1000);
  pass(1200);
  assert.throws(() => licence.check(), LicenceLost);
  told();
  watch.renew(4000);
  assert.deepEqual(told(), ['killed in 3800', 'the licence ran out in the middle of a change']);
});

test('a change that another thread still has to make ends the process at once', (t) => {
  const { licence, watch, pass, told } = watched(t);
  watch.renew(1000);
  void licence.elsewhere(new Promise(() => {}));
  told();
  pass(1000);
  assert.deepEqual(told(), ['the licence has run out with changes under way']);
});

test('once everything is closed there is nothing left to be ended', (t) => {
  const { watch, pass, told } = watched(t);
  watch.renew(1000);
  told();
  watch.stop();
  pass(5000);
  assert.deepEqual(told(), ['disarmed']);
});
