import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DROP_CACHES, onMount, stage } from './stage.ts';

const test = stage({ needs: ['git'] });
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
/** About 1,100 files of 12 MiB, from many small folders to single files of hundreds of KiB. */
const PACKAGES = ['zod', 'pino', 'commander', '@types/node'];
const TREE_MS = 120_000;

test('tar: a source tree of a thousand files comes out the same, modes and times too', async ({ lab, guest }) => {
  const archive = join(guest.folder, 'tree.tar');
  await lab.exec('tar', ['-C', join(REPOSITORY, 'node_modules'), '-cf', archive, ...PACKAGES]);
  const listing = "LC_ALL=C find . -printf '%p %y %m %s %T@ %l\\n' | grep -v '^\\. ' | sort";
  await onMount(
    guest,
    `mkdir tree /tmp/tree
     tar -C /tmp/tree -xf ${archive}
     tar -C tree -xf ${archive}
     ${DROP_CACHES}
     diff -r --no-dereference /tmp/tree tree
     diff <(cd /tmp/tree && ${listing} | grep -v ' d ') <(cd tree && ${listing} | grep -v ' d ')
     rm -r tree; ! test -e tree`,
    TREE_MS,
  );
});

test('git: clone, commit, branch, gc and fsck on the mount', async ({ lab, guest }) => {
  const origin = join(guest.folder, 'origin');
  mkdirSync(origin);
  cpSync(join(REPOSITORY, 'src'), join(origin, 'src'), { recursive: true });
  const identity = ['-c', 'user.name=Lab', '-c', 'user.email=lab@example.org'];
  await lab.exec('git', ['init', '-q', '-b', 'main', origin]);
  await lab.exec('git', ['-C', origin, 'add', '.']);
  await lab.exec('git', ['-C', origin, ...identity, 'commit', '-q', '-m', 'Sources']);
  await onMount(
    guest,
    `git config --global user.name Lab; git config --global user.email lab@example.org
     git config --global safe.directory '*'
     git clone -q --no-local ${origin} clone; cd clone
     git checkout -q -b work
     for n in 1 2 3; do echo "change $n" > src/change; git add .; git commit -q -m "Change $n"; done
     git mv src/change src/moved; git commit -q -m 'Move'
     git gc -q; git fsck --strict
     ${DROP_CACHES}
     git checkout -q main; ! test -e src/moved
     git checkout -q work; test "$(cat src/moved)" = 'change 3'
     test -z "$(git status --porcelain)"
     test "$(git rev-list --count HEAD)" = 5
     git clone -q . ../second; diff -r src ../second/src`,
    TREE_MS,
  );
});
