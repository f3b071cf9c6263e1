import assert from 'node:assert/strict';
import { test } from 'node:test';
import { htmlReport } from '../../../conformance/report/html.ts';
import { bigReport, resultOf } from './report.ts';

const report = { ...bigReport(0) };

test('what failed stands first, MUST before SHOULD, and opens to what was expected and what came', () => {
  const results = [
    resultOf({ id: 'NFSv3/READ/one', class: 'SHOULD', outcome: 'fail', detail: 'expected 1; came 2' }),
    resultOf({ id: 'NFSv3/READ/two', class: 'MUST', outcome: 'error', detail: 'expected 3; came 4' }),
    resultOf({ id: 'NFSv3/READ/three', class: 'MUST' }),
  ];
  const html = htmlReport({ ...report, results });
  const places = ['MUST cases fail', 'NFSv3/READ/two', 'expected 3; came 4', 'NFSv3/READ/one', 'By program'];
  const found = places.map((text) => html.indexOf(text));
  assert.deepEqual(
    found,
    [...found].sort((one, other) => one - other),
  );
  assert.ok(!found.includes(-1));
  assert.ok(html.lastIndexOf('NFSv3/READ/three') < 0, 'what passed is no failure');
});

test('a run without failures has no heading for them', () => {
  const html = htmlReport({ ...report, results: [resultOf({})] });
  assert.ok(!html.includes('What failed'));
  assert.ok(html.includes('Every applicable MUST case passes'));
});

test('programs and procedures have their counts, and each program a link that leads to it', () => {
  const html = htmlReport(bigReport(700));
  for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) assert.ok(html.includes(`id="${target}"`), target);
  assert.equal(html.match(/href="#/g)?.length, 7);
  assert.ok(html.includes('All 700'));
});

test('the page needs nothing from elsewhere, and texts cannot leave their places', () => {
  const html = htmlReport(bigReport(50));
  assert.ok(!/(?:src|href)="(?!#|data:)/.test(html));
  assert.ok(!html.includes('<script'));
  assert.ok(!html.includes('<its title>'));
});
