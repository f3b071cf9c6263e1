import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nfs2Program } from '../../../src/nfs/v2/program.ts';
import { noExports } from '../exports.ts';
import { serve } from './harness.ts';

for (const name of ['NULL', 'ROOT', 'WRITECACHE'] as const) {
  test(`${name}: takes nothing and gives nothing (RFC 1094 §2.2)`, async (t) => {
    assert.equal(await (await serve(t)).call(name, undefined), undefined);
  });
}

test('NFSv2 has the procedures 0 to 17 (RFC 1094 §2.2)', () => {
  const { program, version, procedures } = nfs2Program(noExports);
  assert.deepEqual([program, version], [100003, 2]);
  assert.deepEqual(
    procedures.map(({ number, name }) => `${number} ${name}`),
    [
      ...['0 NULL', '1 GETATTR', '2 SETATTR', '3 ROOT', '4 LOOKUP', '5 READLINK', '6 READ', '7 WRITECACHE', '8 WRITE'],
      ...[
        '9 CREATE',
        '10 REMOVE',
        '11 RENAME',
        '12 LINK',
        '13 SYMLINK',
        '14 MKDIR',
        '15 RMDIR',
        '16 READDIR',
        '17 STATFS',
      ],
    ],
  );
});

test('Only what changes nothing, or the same again, is run again when it is retransmitted', () => {
  const once = nfs2Program(noExports).procedures.filter(({ idempotent }) => !idempotent);
  assert.deepEqual(
    once.map(({ name }) => name),
    ['SETATTR', 'CREATE', 'REMOVE', 'RENAME', 'LINK', 'SYMLINK', 'MKDIR', 'RMDIR'],
  );
});
