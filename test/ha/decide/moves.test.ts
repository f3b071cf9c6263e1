import { active, check, MINUTE, ready, THREE } from './check.ts';
import { LEASE, NOW } from './situation.ts';

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
