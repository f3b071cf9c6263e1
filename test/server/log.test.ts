import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { makePrettyLog } from '../../src/server/log.ts';

test('the log for people says in one line what happened and to whom', async () => {
  let written = '';
  const terminal = new Writable({
    write: (chunk, _encoding, done) => {
      written += chunk;
      done();
    },
  });
  const log = makePrettyLog('info', terminal);
  log.info({ client: '10.0.0.7', path: '/srv' }, 'mounted');
  log.debug({}, 'not this');
  log.warn({ client: '10.0.0.8', path: '/srv', reason: 'no such directory' }, 'mount refused');
  await new Promise((resolve) => setTimeout(resolve, 20));
  const [first, second, ...rest] = stripVTControlCharacters(written).trimEnd().split('\n');
  assert.match(first ?? '', /^\[[\d:.]+\] INFO: mounted \{"client":"10\.0\.0\.7","path":"\/srv"\}$/);
  assert.match(second ?? '', /WARN: mount refused .*10\.0\.0\.8.*no such directory/);
  assert.deepEqual(rest, []);
});
