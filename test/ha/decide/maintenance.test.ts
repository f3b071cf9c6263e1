import { active, check, failed, ready, THREE } from './check.ts';

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
