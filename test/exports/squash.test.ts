import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_OPTIONS, type ExportOptions } from '../../src/exports/options.ts';
import { squash } from '../../src/exports/squash.ts';
import { unix } from './fakes.ts';

const options = (changes: Partial<ExportOptions>): ExportOptions => ({
  ...DEFAULT_OPTIONS,
  anonUid: 77,
  anonGid: 88,
  ...changes,
});
const root = unix(0, 0, [0, 5]);
const user = unix(1000, 100, [0, 5]);
const none = { flavor: 0, unix: undefined };
const minusOne = unix(0xffffffff, 0xffffffff, [0xffffffff, 5]);

const TABLE = [
  ['root_squash', root, options({}), { uid: 77, gid: 88, groups: [88, 5] }],
  ['root_squash', user, options({}), { uid: 1000, gid: 100, groups: [88, 5] }],
  ['root_squash, group 0 alone', unix(1000, 0), options({}), { uid: 1000, gid: 88, groups: [] }],
  ['no_root_squash', root, options({ rootSquash: false }), { uid: 0, gid: 0, groups: [0, 5] }],
  ['all_squash', user, options({ allSquash: true }), { uid: 77, gid: 88, groups: [] }],
  [
    'all_squash,no_root_squash',
    root,
    options({ allSquash: true, rootSquash: false }),
    { uid: 77, gid: 88, groups: [] },
  ],
  ['AUTH_NONE', none, options({}), { uid: 77, gid: 88, groups: [] }],
  ['AUTH_NONE, no_root_squash', none, options({ rootSquash: false }), { uid: 77, gid: 88, groups: [] }],
  ['uid -1, no_root_squash', minusOne, options({ rootSquash: false }), { uid: 77, gid: 88, groups: [88, 5] }],
] as const;

for (const [index, [name, credential, how, expected]] of TABLE.entries()) {
  test(`squash ${index + 1}: ${name}, uid ${credential.unix?.uid ?? 'none'}`, () => {
    assert.deepEqual(squash(credential, how), { ...expected, sync: true });
  });
}

test('the caller carries the export option sync or async', () => {
  assert.equal(squash(user, options({ sync: false })).sync, false);
});
