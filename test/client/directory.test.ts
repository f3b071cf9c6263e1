import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { DROP_CACHES, MOUNT_OPTIONS, mountCommand, onMount, type Stage, stage } from './stage.ts';

const STABLE = 100_000;
const LISTING_MS = 180_000;

const test = stage({
  prepare: async (_, folder) => {
    mkdirSync(join(folder, 'large'));
    for (let n = 0; n < STABLE; n++) writeFileSync(join(folder, 'large', `stable-${n}`), '');
  },
});

/** Makes and removes files among the others until the listing has ended. */
async function churn(folder: string, listing: Promise<string>): Promise<string> {
  let listed = false;
  listing.then(
    () => (listed = true),
    () => (listed = true),
  );
  for (let n = 0; !listed; n++) {
    writeFileSync(join(folder, `passing-${n}-${'x'.repeat(n % 200)}`), '');
    if (n >= 500) rmSync(join(folder, `passing-${n - 500}-${'x'.repeat((n - 500) % 200)}`));
    if (n % 20 === 0) await setImmediate();
  }
  return listing;
}

async function listWhileFilesComeAndGo({ guest, folder }: Stage, at: string): Promise<void> {
  const listing = guest.must(
    `cd ${at}/large; ${DROP_CACHES}
     ls -f > /tmp/listed
     grep -c '^stable-' /tmp/listed; grep '^stable-' /tmp/listed | sort | uniq -d | wc -l; grep -c '^passing-' /tmp/listed || true`,
    { timeoutMs: LISTING_MS },
  );
  const [seen, twice] = (await churn(join(folder, 'large'), listing)).split('\n').map(Number);
  assert.equal(seen, STABLE, 'every stable entry is listed');
  assert.equal(twice, 0, 'none is listed twice');
}

test('READDIRPLUS: of 100,000 entries each is seen exactly once while others come and go (RFC 1813 §3.3.17)', (on) =>
  listWhileFilesComeAndGo(on, '/mnt/nfs'));

test('READDIR: of 100,000 entries each is seen exactly once while others come and go (RFC 1813 §3.3.16)', async (on) => {
  await on.guest.must(mountCommand(on.folder, `${MOUNT_OPTIONS},nordirplus,nosharecache`, '/mnt/plain'));
  await listWhileFilesComeAndGo(on, '/mnt/plain');
});

test('READDIR: a listing that is stopped goes on where it was after its entries are gone', async ({
  guest,
  folder,
}) => {
  mkdirSync(join(folder, 'shrinking'));
  for (let n = 0; n < 3000; n++) writeFileSync(join(folder, 'shrinking', `file-${n}`), '');
  const out = await onMount(
    guest,
    `${DROP_CACHES}
     perl -e 'opendir(D, "shrinking"); for (1..500) { $_ = readdir(D); /^\\./ or push @first, $_ }
       unlink("shrinking/$_") for @first;
       while (defined($_ = readdir(D))) { /^\\./ or $rest{$_}++ }
       print scalar(@first) + scalar(keys %rest), " ", scalar(grep { $_ > 1 } values %rest), "\\n"'
     ls shrinking | wc -l`,
    LISTING_MS,
  );
  const [all, left] = out.trim().split('\n');
  assert.equal(all, '3000 0');
  assert.ok(Number(left) < 3000);
});
