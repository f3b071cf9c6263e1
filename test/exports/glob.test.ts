import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Glob } from '../../src/exports/glob.ts';
import fc from '../properties.ts';

function matches(pattern: string, name: string): boolean {
  const glob = Glob.parse(pattern);
  assert.ok(glob !== undefined, pattern);
  return glob.matches(name);
}

const literal = fc.constantFrom('a', 'b', '.', '-');
const part = fc.oneof(
  literal.map((text) => ({ pattern: text, model: text.replace(/[.-]/, '\\$&') })),
  fc.constant({ pattern: '*', model: '.*' }),
  fc.constant({ pattern: '?', model: '.' }),
  fc.constant({ pattern: '[ab]', model: '[ab]' }),
  fc.constant({ pattern: '[^a-c]', model: '[^a-c]' }),
);

test('wildcards match as the regular expression they stand for', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 8 }), fc.array(literal, { maxLength: 12 }), (parts, letters) => {
      const name = letters.join('');
      const model = new RegExp(`^${parts.map((each) => each.model).join('')}$`, 's');
      assert.equal(matches(parts.map((each) => each.pattern).join(''), name), model.test(name));
    }),
    { numRuns: 1000 },
  );
});

test('exports(5): * also matches dots, so it reaches every subdomain', () => {
  assert.ok(matches('*.example.org', 'a.b.example.org'));
  assert.equal(matches('*.example.org', 'example.org'), false);
  assert.equal(matches('*.example.org', 'a.example.org.evil.net'), false);
});

test('names match whatever their case (RFC 4343)', () => {
  assert.ok(matches('Client[A-C].Example.org', 'CLIENTB.example.ORG'));
});

test('a pattern of many stars is answered at once for any name', () => {
  assert.equal(matches(`${'*a'.repeat(40)}b`, 'a'.repeat(255)), false);
});

test('a set without its bracket is no pattern; a bracket that comes first is a member', () => {
  assert.equal(Glob.parse('a[bc'), undefined);
  assert.ok(matches('a[]b]', 'a]'));
});
