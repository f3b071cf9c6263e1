import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Links } from '../../../src/ha/network/index.ts';
import { missing, until, withHosts } from './hosts.ts';

const SETTLE = 30_000;

test('the first of the list whose link is up is picked; no link at all: isolated', (t) => {
  assert.equal(setUp(t, { eth0: true, eth1: true }).links.device, 'eth0');
  assert.equal(setUp(t, { eth0: false, eth1: true }).links.device, 'eth1');
  const { links } = setUp(t, { eth0: false, eth1: false });
  assert.equal(links.device, undefined);
  assert.deepEqual(links.states(), [
    { device: 'eth0', up: false },
    { device: 'eth1', up: false },
  ]);
});

test('a lost link is told once, and so is isolation and its end', (t) => {
  const { links, up, told } = setUp(t, { eth0: true, eth1: true });
  links.look();
  up.eth0 = false;
  links.look();
  links.look();
  up.eth1 = false;
  links.look();
  up.eth1 = true;
  links.look();
  assert.deepEqual(told, ['eth1', undefined, 'eth1']);
});

test('what is wanted more gets the addresses back only when its link has been up for a while without a break', (t) => {
  const { links, up, told, pass } = setUp(t, { eth0: false, eth1: true });
  up.eth0 = true;
  pass(0);
  pass(SETTLE - 1);
  assert.equal(links.device, 'eth1');
  up.eth0 = false;
  pass(0);
  up.eth0 = true;
  pass(0);
  pass(SETTLE - 1);
  assert.equal(links.device, 'eth1');
  pass(1);
  assert.equal(links.device, 'eth0');
  assert.deepEqual(told, ['eth0']);
});

test('a link that has just come up is better than none', (t) => {
  const { links, up, pass } = setUp(t, { eth0: false, eth1: true });
  up.eth0 = true;
  pass(0);
  up.eth1 = false;
  pass(1);
  assert.equal(links.device, 'eth0');
});

test('a listener that was taken back is not told', (t) => {
  const { links, up, told } = setUp(t, { eth0: true, eth1: true });
  let others = 0;
  const end = links.onChange(() => others++);
  end();
  up.eth0 = false;
  links.look();
  assert.deepEqual(told, ['eth1']);
  assert.equal(others, 0);
});

test('real links: a cable that is pulled, an interface switched off, and one that is not there', {
  skip: missing,
}, async () => {
  await withHosts(['a'], async (hosts) => {
    const a = hosts.agent('a');
    const isUp = (device: string) => a.call('isLinkUp', device);
    await until('eth0 is up', () => isUp('eth0'));
    await hosts.cable('a', 'eth0', 'down');
    await until('eth0 has lost its link', async () => !(await isUp('eth0')));
    await hosts.cable('a', 'eth0', 'up');
    await until('eth0 is up again', () => isUp('eth0'));
    await hosts.ip('a', 'link set eth0 down');
    assert.equal(await isUp('eth0'), false);
    assert.equal(await isUp('eth9'), false);
  });
});

/** Links whose state is `up`, at a time that only {@link pass} moves on. */
function setUp(t: TestContext, initial: { eth0: boolean; eth1: boolean }) {
  const up: Record<string, boolean> = initial;
  const told: (string | undefined)[] = [];
  let now = 1;
  const links = new Links({
    devices: ['eth0', 'eth1'],
    probe: (device) => up[device]!,
    clock: () => now,
    settleMilliseconds: SETTLE,
    pollMilliseconds: 1 << 30,
  });
  t.after(() => links.close());
  links.onChange((device) => told.push(device));
  const pass = (milliseconds: number) => {
    now += milliseconds;
    links.look();
  };
  return { links, up, told, pass };
}
