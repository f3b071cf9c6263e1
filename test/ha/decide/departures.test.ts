import { active, check, ready, THREE } from './check.ts';

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
