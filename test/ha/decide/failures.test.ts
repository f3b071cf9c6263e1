import { active, check, failed, MINUTE, ready, THREE } from './check.ts';
import { NOW } from './situation.ts';

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
