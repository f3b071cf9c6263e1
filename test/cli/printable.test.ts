import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from '../../src/cli/printable.ts';

test('printable: what a client calls itself begins no line and moves no cursor', () => {
  assert.equal(printable('höst-1.example'), 'höst-1.example');
  assert.equal(printable('a\nb\x1b[2J\x7f\x9b'), 'a\\x0ab\\x1b[2J\\x7f\\x9b');
});
