import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEASE, NOW, type NodeSituation, type PackageSituation, said } from './situation.ts';

const THREE = { a: {}, b: {}, c: {} };
const MINUTE = 60_000;

/** Each line of `expected` is what a node says of package p. */
function check(
  name: string,
  p: PackageSituation,
  expected: Readonly<Record<string, string>>,
  {
    nodes = THREE,
    others = {},
  }: { nodes?: Record<string, NodeSituation>; others?: Record<string, PackageSituation> } = {},
): void {
  test(name, () => {
    const heard = Object.keys(expected).map((self) => [self, said(self, { nodes, packages: { p, ...others } })]);
    assert.deepEqual(Object.fromEntries(heard), expected);
  });
}

const active = { phase: 'active' } as const;
const ready = { phase: 'ready', since: NOW } as const;

check(
  'a package is kept by its holder, and let alone by the others',
  { lease: {}, states: { a: active } },
  { a: 'keep: a serves p', b: 'nothing: a holds p', c: 'nothing: a holds p' },
);
check(
  'a package that is taken up is kept too',
  { lease: {}, states: { a: { phase: 'starting' } } },
  { a: 'keep: a starts p' },
);
check(
  'a package that is being let go of is left to that',
  { lease: {}, states: { a: { phase: 'releasing' } } },
  { a: 'nothing: a is letting go of p' },
);
check(
  'a package that has not run goes to the node that is first in its list',
  {},
  {
    a: 'take start: p has not run yet; a takes it',
    b: 'nothing: p has not run yet; a is to take it',
    c: 'nothing: p has not run yet; a is to take it',
  },
  { nodes: { a: { aliveFor: 500 }, b: { aliveFor: 500 }, c: { aliveFor: 500 } } },
);
check('a node says nothing of a package that it may not run', { nodes: ['a', 'b'] }, { c: 'no decision' });
check(
  'a node that is alone in its cluster works',
  { nodes: ['a'] },
  { a: 'take start: p has not run yet; a takes it' },
  { nodes: { a: {} } },
);
check(
  'a node that has just joined gives those that are wanted more the time to appear, for a lease time',
  {},
  { b: 'nothing: p has not run yet; b has just joined and gives the others the time to appear' },
  { nodes: { a: { alive: false }, b: { aliveFor: LEASE - 1 } } },
);
check(
  'after a lease time it waits no more',
  {},
  { b: 'take start: p has not run yet; b takes it' },
  {
    nodes: { a: { alive: false }, b: { aliveFor: LEASE } },
  },
);

check(
  'a lease that is renewed late: the next node gets ready, the others wait',
  { lease: { age: LEASE / 2 + 1 }, states: { a: active } },
  {
    a: 'keep: a serves p',
    b: 'prepare: b gets ready for p: a has not renewed its lease in time',
    c: 'nothing: a has not renewed its lease in time; b is to take p',
  },
);
check(
  'a holder that is not alive: the next node gets ready before the lease has expired',
  { lease: {} },
  { b: 'prepare: b gets ready for p: a is not alive' },
  { nodes: { ...THREE, a: { alive: false } } },
);
check(
  'when the suspicion has passed, a process that is ready waits a little in case it comes again',
  { lease: {}, states: { b: ready } },
  { b: 'nothing: a holds p' },
);
check(
  'then it stands down',
  { lease: {}, states: { b: { phase: 'ready', since: NOW - 10_000 } } },
  { b: 'stand down: a holds p' },
);
check(
  'a node that is drained meanwhile stands down at once',
  { lease: {}, states: { b: ready } },
  { b: 'stand down: a holds p' },
  { nodes: { ...THREE, b: { drained: true } } },
);
check(
  'an expired lease is taken by the first of those that live',
  { lease: { state: 'expired' } },
  {
    b: 'take takeover: a let its lease of p run out; b takes it',
    c: 'nothing: a let its lease of p run out; b is to take it',
  },
  { nodes: { ...THREE, a: { alive: false } } },
);
check(
  'a node whose death is not known yet is not waited for',
  { lease: { state: 'expired' }, states: { a: active } },
  { b: 'take takeover: a let its lease of p run out; b takes it' },
);
check(
  'if the first does not take it within a second, the second does',
  { lease: { state: 'expired', age: LEASE + 1000 } },
  { c: 'take takeover: a let its lease of p run out; c takes it, because b does not' },
  { nodes: { ...THREE, a: { alive: false } } },
);
check(
  'a first that has just come alive gets its second too',
  { lease: { state: 'expired', age: 10 * LEASE } },
  { c: 'nothing: a let its lease of p run out; b is to take it' },
  { nodes: { a: { alive: false }, b: { aliveFor: 500 }, c: {} } },
);
check(
  'whoever is ready already comes first',
  { lease: { state: 'expired' }, states: { c: ready } },
  {
    b: 'nothing: a let its lease of p run out; c is to take it',
    c: 'take takeover: a let its lease of p run out; c takes it',
  },
  { nodes: { ...THREE, a: { alive: false } } },
);
check(
  'a lease that an earlier run of this node holds is waited for as everybody else does',
  { lease: { age: LEASE - 1 }, granted: false },
  {
    a: 'nothing: a has not renewed its lease in time; b is to take p',
    b: 'prepare: b gets ready for p: a has not renewed its lease in time',
  },
);
check(
  'a holder that has lost its lease, lives, and has stopped gets it again',
  { lease: { state: 'expired', holder: 'b' } },
  {
    a: 'nothing: b let its lease of p run out; b is to take it',
    b: 'take restart: b let its lease of p run out; b takes it',
  },
);

check(
  'with fencing, the lost node is put down before its package is taken',
  { fenced: true, lease: { state: 'expired' }, states: { a: active } },
  {
    b: 'fence a: a let its lease of p run out; b puts a down first',
    c: 'nothing: a let its lease of p run out; b is to take it',
  },
);
check(
  'once that is done it is taken',
  { fenced: true, fencedHolder: true, lease: { state: 'expired' } },
  { b: 'take takeover: a let its lease of p run out; b takes it' },
  { nodes: { ...THREE, a: { alive: false } } },
);
check(
  'fencing is slow: the second waits longer for it',
  { fenced: true, lease: { state: 'expired', age: LEASE + 19_000 } },
  { c: 'nothing: a let its lease of p run out; b is to take it' },
  { nodes: { ...THREE, a: { alive: false } } },
);
check(
  'a node that gave its lease up is not fenced',
  { fenced: true, lease: { state: 'released' }, nodes: ['b', 'a'] },
  { b: 'take start: a has let go of p; b takes it' },
);
check(
  'a node that is back and has stopped is not fenced',
  { fenced: true, lease: { state: 'expired' } },
  {
    a: 'take restart: a let its lease of p run out; a takes it',
    b: 'nothing: a let its lease of p run out; a is to take it',
  },
);
check(
  'a node that lives, but of which nobody understands what it says, has not said that it has stopped',
  { fenced: true, lease: { state: 'expired' } },
  { b: 'fence a: a let its lease of p run out; b puts a down first' },
  { nodes: { ...THREE, a: { isForeign: true } } },
);
check(
  'a node that is back, drained, and has the storage mounted since before: nobody mounts it a second time',
  { lease: { state: 'expired', age: 10 * LEASE }, states: { a: { mounted: true } } },
  {
    a: 'nothing: a let its lease of p run out, but a is drained',
    b: 'nothing: a let its lease of p run out, but still has its storage mounted',
  },
  { nodes: { ...THREE, a: { drained: true } } },
);
check(
  'a node that was cut off and is still unmounting: nobody mounts it a second time',
  { lease: { state: 'expired', age: 10 * LEASE }, states: { a: { phase: 'releasing', mounted: true } } },
  { b: 'nothing: a let its lease of p run out, but still has its storage mounted' },
);
check(
  'a dead node has nothing mounted',
  { lease: { state: 'expired' }, states: { a: { mounted: true } } },
  { b: 'take takeover: a let its lease of p run out; b takes it' },
  { nodes: { ...THREE, a: { alive: false } } },
);
for (const [age, expected] of [
  [2 * LEASE - 1, 'nothing: a let its lease of p run out, but still has its storage mounted'],
  [2 * LEASE, 'fence a: a let its lease of p run out; b puts a down first'],
] as const) {
  check(
    `a node that is back, but does not get rid of the storage for a lease time, is fenced: ${age} ms`,
    { fenced: true, lease: { state: 'expired', age }, states: { a: { mounted: true }, b: ready } },
    { b: expected },
    { nodes: { ...THREE, a: { drained: true } } },
  );
}
check(
  'a node that is fenced has nothing mounted',
  { fenced: true, fencedHolder: true, lease: { state: 'expired' }, states: { a: { mounted: true }, b: ready } },
  { b: 'take takeover: a let its lease of p run out; b takes it' },
);
check(
  'a node that has just joined fences nobody who may be about to join too',
  { fenced: true, lease: { state: 'expired' } },
  { b: 'nothing: a let its lease of p run out; b has just joined and gives the others the time to appear' },
  { nodes: { a: { alive: false }, b: { aliveFor: 100 }, c: {} } },
);

check(
  'a planned move: the holder serves until its target is ready',
  { lease: {}, move: { from: 'a', node: 'c' }, states: { a: active } },
  {
    a: 'keep: p moves from a to c once that is ready, as ordered',
    b: 'nothing: p moves from a to c, as ordered',
    c: 'prepare: c gets ready for p, which moves here from a, as ordered',
  },
);
check(
  'then it lets go, and leaves the lease to the target',
  { lease: {}, move: { from: 'a', node: 'c' }, states: { a: active, c: ready } },
  { a: 'release c: p moves from a to c, as ordered' },
);
check(
  'a released lease is for its successor alone',
  {
    lease: { state: 'released', successor: 'c', age: LEASE - 1 },
    move: { from: 'a', node: 'c' },
    states: { c: ready },
  },
  {
    a: 'nothing: p is on its way from a to c',
    b: 'nothing: p is on its way from a to c',
    c: 'take move order: p moves from a to c, as ordered',
  },
);
check(
  'an order that came when the package was on its way to another node is not carried out by that one',
  {
    lease: { state: 'released', successor: 'b', age: 100 },
    move: { from: 'a', node: 'c' },
    states: { b: ready },
  },
  { b: 'take move: a is drained, so p moves to b' },
  { nodes: { ...THREE, a: { drained: true } } },
);
check(
  'if the successor does not take it within a lease time, anybody may',
  { lease: { state: 'released', successor: 'c', age: LEASE }, nodes: ['b', 'a', 'c'] },
  { b: 'take start: a has let go of p; b takes it' },
);
check(
  'a move to anywhere else goes to the node that has the fewest packages',
  { lease: {}, move: { from: 'a' }, states: { a: active } },
  {
    a: 'keep: p moves from a to c once that is ready, as ordered',
    b: 'nothing: p moves from a to c, as ordered',
    c: 'prepare: c gets ready for p, which moves here from a, as ordered',
  },
  { others: { q: { lease: { holder: 'b' } } } },
);
check(
  'a target that is not ready within ten seconds: the move is given up',
  { lease: {}, move: { from: 'a', node: 'c' }, orderedFor: 10_000, states: { a: active } },
  {
    a: 'keep [order given up]: the move of p to c is given up: c was not ready within 10 seconds',
    c: 'nothing: a holds p',
  },
);
check(
  'a target that dies: the move is given up',
  { lease: {}, move: { from: 'a', node: 'c' }, states: { a: active } },
  { a: 'keep [order given up]: the move of p to c is given up: c is not alive' },
  { nodes: { ...THREE, c: { alive: false } } },
);
check(
  'a target that is drained: the move is given up',
  { lease: {}, move: { from: 'a', node: 'c' }, states: { a: active } },
  { a: 'keep [order given up]: the move of p to c is given up: c is drained' },
  { nodes: { ...THREE, c: { drained: true } } },
);
check(
  'a target that may not run the package: the move is given up',
  { nodes: ['a', 'b'], lease: {}, move: { from: 'a', node: 'c' }, states: { a: active } },
  { a: 'keep [order given up]: the move of p to c is given up: c is not among the nodes of p' },
);
check(
  'nowhere else to go: the move is given up',
  { nodes: ['a'], lease: {}, move: { from: 'a' }, states: { a: active } },
  { a: 'keep [order given up]: the move of p to another node is given up: no other node can take it' },
);
check(
  'an order goes to a node where the package failed, too',
  { lease: {}, move: { from: 'a', node: 'b' }, states: { a: active, b: { barredUntil: NOW + MINUTE } } },
  { b: 'prepare: b gets ready for p, which moves here from a, as ordered' },
);
check(
  'a move that has arrived is done',
  { lease: { holder: 'c' }, move: { from: 'a', node: 'c' }, states: { c: active } },
  { c: 'keep [order done]: c serves p, as ordered' },
);
check(
  'a move to anywhere that has arrived is done, and does not go on',
  { lease: { holder: 'c' }, move: { from: 'a' }, states: { c: active } },
  { b: 'nothing: c holds p', c: 'keep [order done]: c serves p, as ordered' },
);
check(
  'a move that was overtaken is given up',
  { lease: { holder: 'b' }, move: { from: 'a', node: 'c' }, states: { b: active } },
  { b: 'keep [order given up]: the move of p to c is given up: it came to b meanwhile', c: 'nothing: b holds p' },
);
check(
  'a package that does not run is started where an order says',
  { lease: { state: 'released' }, move: { node: 'c' } },
  {
    a: 'nothing: a has let go of p; c is to take it, as ordered',
    c: 'take move order: a has let go of p; c takes it, as ordered',
  },
);
check(
  'if that node does not, one node says that the order is given up',
  { lease: { state: 'released' }, move: { node: 'c' }, orderedFor: 10_000 },
  {
    a: 'nothing [order given up]: the move of p to c is given up: c did not take it within 10 seconds',
    b: 'nothing: a has let go of p; a is to take it',
  },
);

check(
  'a drained node serves until another one is ready',
  { lease: {}, states: { a: active } },
  {
    a: 'keep: a is drained, so p moves to b once that is ready',
    b: 'prepare: b gets ready for p: a is drained',
    c: 'nothing: a is drained; b is to take p',
  },
  { nodes: { ...THREE, a: { drained: true } } },
);
check(
  'then its package moves',
  { lease: {}, states: { a: active, b: ready } },
  { a: 'release b: a is drained, so p moves to b' },
  { nodes: { ...THREE, a: { drained: true } } },
);
check(
  'and is taken for that reason',
  { lease: { state: 'released', successor: 'b' }, states: { b: ready } },
  { b: 'take move: a is drained, so p moves to b' },
  { nodes: { ...THREE, a: { drained: true } } },
);
check(
  'a node that does not get ready is followed by the next',
  { lease: {}, states: { a: active, b: { phase: 'preparing' } } },
  { b: 'prepare: b gets ready for p: a is drained', c: 'prepare: c gets ready for p: a is drained' },
  { nodes: { ...THREE, a: { drained: true, orderedFor: 10_000 } } },
);
check(
  'and may be overtaken by it',
  { lease: {}, states: { a: active, b: { phase: 'preparing' }, c: ready } },
  { a: 'release c: a is drained, so p moves to c' },
  { nodes: { ...THREE, a: { drained: true, orderedFor: 10_000 } } },
);
check(
  'a drained node goes on if nobody else can',
  { nodes: ['a', 'b'], lease: {}, states: { a: active } },
  { a: 'keep: a is drained, but no other node can take p' },
  { nodes: { a: { drained: true }, b: { alive: false } } },
);
check(
  'a drained node takes nothing',
  { nodes: ['a'], lease: { state: 'released' } },
  { a: 'nothing: a has let go of p, but a is drained' },
  { nodes: { a: { drained: true } } },
);
check(
  'a node that is being stopped lets go even if nobody else can',
  { nodes: ['a', 'b'], lease: {}, states: { a: active } },
  { a: 'release: a is being stopped, and no other node can take p' },
  { nodes: { a: { leaving: true }, b: { alive: false } } },
);
check(
  'a holder that is no longer in the list hands over',
  { nodes: ['b', 'c'], lease: {}, states: { a: active, b: ready } },
  { a: 'release b: a is not among the nodes of p, so p moves to b' },
);

check(
  'a node without a link lets go at once: clients are not served anyway',
  { lease: {}, states: { a: active } },
  {
    a: 'release b: a has no link on the service network, so p moves to b',
    b: 'prepare: b gets ready for p: a has no link on the service network',
  },
  { nodes: { ...THREE, a: { isolated: true } } },
);
check(
  'it keeps on if all are without',
  { nodes: ['a', 'b'], lease: {}, states: { a: active } },
  { a: 'keep: a has no link on the service network, but no other node can take p' },
  { nodes: { a: { isolated: true }, b: { isolated: true } } },
);
check(
  'a node without a link takes nothing',
  { nodes: ['a'], lease: { state: 'expired', holder: 'b' } },
  { a: 'nothing: b let its lease of p run out, but a has no link on the service network' },
  { nodes: { a: { isolated: true }, b: {} } },
);

const failed = { phase: 'failed', problem: 'the disk is dead', barredUntil: NOW + MINUTE } as const;
check(
  'a package that failed moves at once',
  { lease: {}, states: { a: failed } },
  {
    a: 'release b: a cannot serve p (the disk is dead), so p moves to b',
    b: 'prepare: b gets ready for p: a cannot serve p (the disk is dead)',
  },
);
check(
  'and is taken over for that reason',
  { lease: { state: 'released', successor: 'b' }, states: { a: failed, b: ready } },
  { b: 'take takeover: a cannot serve p (the disk is dead), so p moves to b' },
);
check(
  'a node where it failed is passed over',
  { lease: { state: 'expired', holder: 'c' }, states: { a: failed } },
  {
    a: 'nothing: c let its lease of p run out; it failed on a lately, so b is to take it',
    b: 'take takeover: c let its lease of p run out; b takes it',
  },
  { nodes: { ...THREE, c: { alive: false } } },
);
check(
  'if it failed everywhere it is tried again, after a while',
  { nodes: ['a'], lease: { state: 'released' }, states: { a: { ...failed, since: NOW - 4999 } } },
  { a: 'nothing: a has let go of p; it failed on a, which tries again in a while because no other node can take it' },
);
check(
  'after five seconds',
  { nodes: ['a'], lease: { state: 'released' }, states: { a: { ...failed, since: NOW - 5000 } } },
  { a: 'take restart: a has let go of p; a takes it' },
);
check(
  'after thirty if it has moved too often',
  {
    nodes: ['a'],
    lease: { state: 'released' },
    recentMoves: [1, 2, 3, 4].map((n) => NOW - n),
    states: { a: { ...failed, since: NOW - 29_999 } },
  },
  { a: 'nothing: a has let go of p; it failed on a, which tries again in a while because no other node can take it' },
);
check(
  'a failed package without another node is let go of, to be tried again',
  { nodes: ['a'], lease: {}, states: { a: failed } },
  { a: 'release: a cannot serve p (the disk is dead), and no other node can take it now' },
);

const back = { failback: 'automatic', lease: { holder: 'b' } } as const;
check(
  'failback: the most wanted node gets ready, then gets the package',
  { ...back, states: { b: active } },
  {
    a: 'prepare: a gets ready for p, which goes back here from b',
    b: 'keep: p goes back from b to a once that is ready',
  },
);
check(
  'failback: the holder lets go',
  { ...back, states: { b: active, a: ready } },
  { b: 'release a: p goes back from b to a' },
);
check(
  'failback: and the most wanted node takes it',
  { failback: 'automatic', lease: { holder: 'b', state: 'released', successor: 'a' }, states: { a: ready } },
  { a: 'take failback: p goes back from b to a' },
);
check(
  'failback: only if it is automatic',
  { lease: { holder: 'b' }, states: { b: active } },
  { a: 'nothing: b holds p', b: 'keep: b serves p' },
);
check(
  'failback: not before the node has been alive for a minute',
  { ...back, states: { b: active } },
  {
    a: 'nothing: b holds p; it does not go back to a now: a has not been alive for 60 seconds yet',
    b: 'keep: b serves p; it does not go back to a now: a has not been alive for 60 seconds yet',
  },
  { nodes: { ...THREE, a: { aliveFor: 59_999 } } },
);
check(
  'failback: not to a node where it failed',
  { ...back, states: { b: active, a: { barredUntil: NOW + 1 } } },
  { b: 'keep: b serves p; it does not go back to a now: it failed there lately' },
);
check(
  'failback: not by itself to a node where it failed last time',
  { ...back, states: { b: active, a: { phase: 'failed' } } },
  { b: 'keep: b serves p; it does not go back to a now: it failed there, and only an order to move tries again' },
);
check(
  'failback: not if the package has moved too often',
  { ...back, recentMoves: [9, 4, 3, 2, 1].map((n) => NOW - n * MINUTE), states: { b: active } },
  { b: 'keep: b serves p; it does not go back to a now: it has moved 5 times within 10 minutes' },
);
check(
  'failback: moves of more than ten minutes ago do not count',
  { ...back, recentMoves: [12, 11, 2, 1].map((n) => NOW - n * MINUTE), states: { b: active } },
  { b: 'keep: p goes back from b to a once that is ready' },
);
check(
  'failback: once within ten minutes',
  { ...back, lastFailback: NOW - 9 * MINUTE, states: { b: active } },
  { b: 'keep: b serves p; it does not go back to a now: it went back within the last 10 minutes already' },
);
check(
  'a package that has moved too often is taken all the same if nobody serves it',
  { lease: { state: 'expired' }, recentMoves: [5, 4, 3, 2, 1].map((n) => NOW - n * 1000) },
  { b: 'take takeover: a let its lease of p run out; b takes it' },
  { nodes: { ...THREE, a: { alive: false } } },
);

const maintenance = { maintenance: true, lease: {} } as const;
check(
  'maintenance: what runs goes on being served',
  { ...maintenance, states: { a: active } },
  {
    a: 'keep: a serves p, which nothing moves: it is in maintenance',
    b: 'nothing: a holds p, which nothing moves: it is in maintenance',
  },
  { nodes: { ...THREE, a: { drained: true } } },
);
check(
  'maintenance: a failure is no reason to move',
  { ...maintenance, states: { a: failed } },
  { a: 'nothing: a cannot serve p (the disk is dead), but p is left alone: it is in maintenance' },
);
check(
  'maintenance: a lost package stays down',
  { maintenance: true, lease: { state: 'expired' } },
  { b: 'nothing: a let its lease of p run out; nothing starts it before its maintenance ends, or somebody moves it' },
  { nodes: { ...THREE, a: { alive: false } } },
);
check(
  'maintenance: an order to move is carried out',
  { ...maintenance, move: { from: 'a', node: 'b' }, states: { a: active, b: ready } },
  { a: 'release b: p moves from a to b, as ordered' },
);
check(
  'maintenance: an order starts a package that is down',
  { maintenance: true, lease: { state: 'expired' }, move: { node: 'c' } },
  { c: 'take move order: a let its lease of p run out; c takes it, as ordered' },
  { nodes: { ...THREE, a: { alive: false } } },
);

check(
  'spread: of several packages that lose their node, each goes where the fewest are',
  { lease: { state: 'expired' } },
  {
    b: 'take takeover: a let its lease of p run out; b takes it',
    c: 'nothing: a let its lease of p run out; b is to take it',
  },
  { nodes: { ...THREE, a: { alive: false } }, others: { q: { lease: { state: 'expired' } } } },
);
check(
  'spread: the second one goes to the other node',
  { lease: { state: 'expired' } },
  {
    b: 'nothing: a let its lease of p run out; c is to take it',
    c: 'take takeover: a let its lease of p run out; c takes it',
  },
  { nodes: { ...THREE, a: { alive: false } }, others: { o: { lease: { state: 'expired' } } } },
);
check(
  'spread: packages whose most wanted node lives go there first, whatever their names',
  { lease: { state: 'expired' } },
  { c: 'take takeover: a let its lease of p run out; c takes it' },
  { nodes: { ...THREE, a: { alive: false } }, others: { z: { nodes: ['b', 'a'], lease: { state: 'expired' } } } },
);
