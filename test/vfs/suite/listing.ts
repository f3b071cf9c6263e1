import assert from 'node:assert/strict';
import { bytes, directory, failsWith, file, names } from '../support.ts';
import type { Check } from './check.ts';

export function listing(check: Check): void {
  check('READDIR: `.`, `..` and every name once, with small replies', async ({ fs, me }) => {
    const made = Array.from({ length: 50 }, (_, at) => `n${at}`);
    for (const name of made) await file(fs, me, fs.root, name);
    for (const perReply of [1, 7, 1000]) {
      const listed = (await names(fs, me, fs.root, perReply)).map(String).sort();
      assert.deepEqual(listed, ['.', '..', ...made].sort());
    }
  });

  check('READDIR: an entry that stays is listed once while others come and go', async ({ fs, me }) => {
    const kept = Array.from({ length: 100 }, (_, at) => `keep${at}`);
    for (const name of kept) await file(fs, me, fs.root, name);
    for (let at = 0; at < 100; at += 1) await file(fs, me, fs.root, `go${at}`);
    const seen: string[] = [];
    let cookie = 0n;
    for (let round = 0, eof = false; !eof; round += 1) {
      let room = 9;
      const reply = await fs.readdir(me, fs.root, cookie, false, () => room-- > 0);
      seen.push(...reply.entries.map((entry) => String(entry.name)));
      cookie = reply.entries.at(-1)?.cookie ?? cookie;
      eof = reply.eof;
      if (round < 100) await fs.remove(me, fs.root, bytes(`go${round}`));
      if (round < 100) await file(fs, me, fs.root, `come${round}`);
    }
    for (const name of kept) assert.equal(seen.filter((each) => each === name).length, 1, name);
  });

  check('READDIR: nothing fits, nothing is given; `..` of the root has the number of the root', async ({ fs, me }) => {
    const none = await fs.readdir(me, fs.root, 0n, false, () => false);
    assert.deepEqual([none.entries.length, none.eof], [0, false]);
    const { entries } = await fs.readdir(me, fs.root, 0n, false, () => true);
    const numbers = entries.filter(({ name }) => name[0] === 0x2e).map((entry) => entry.fileid);
    const { fileidHigh, fileidLow } = await fs.attributes(fs.root);
    const own = (BigInt(fileidHigh) << 32n) | BigInt(fileidLow);
    assert.deepEqual(numbers, [own, own]);
  });

  check('READDIRPLUS: inode and attributes of each entry are those of LOOKUP', async ({ fs, me }) => {
    await file(fs, me, fs.root, 'a', 'abc');
    await directory(fs, me, fs.root, 'd');
    await fs.symlink(me, fs.root, bytes('l'), bytes('a'), {});
    const { entries, eof } = await fs.readdir(me, fs.root, 0n, true, () => true);
    assert.ok(eof);
    for (const entry of entries.filter(({ name }) => name[0] !== 0x2e)) {
      const found = await fs.lookup(me, fs.root, entry.name);
      assert.deepEqual(entry.inode?.body, found.inode.body);
      assert.deepEqual(entry.attributes, found.attributes);
    }
  });

  check('READDIR of a file: NOTDIR', async ({ fs, me }) => {
    const { inode } = await file(fs, me, fs.root, 'a');
    await failsWith('NOTDIR', () => fs.readdir(me, inode, 0n, false, () => true));
  });
}
