import { active, check, ready, THREE } from './check.ts';
import { LEASE, NOW } from './situation.ts';

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
