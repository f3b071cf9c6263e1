import { DROP_CACHES, workload, workloads } from './case.ts';

const TREE_MS = 180_000;
/** Makes a tree of 880 files in 40 folders, with links, modes and times, at $SCRATCH/made; and its archive. */
const MAKE_TREE = `
mkdir $SCRATCH/made
for folder in $(seq 40); do
  mkdir -p $SCRATCH/made/level$((folder % 5))/folder$folder
  (cd $SCRATCH/made/level$((folder % 5))/folder$folder
   for file in $(seq 19); do echo "file $file of folder $folder" > file$file; done
   head -c $((folder * 4099)) /dev/zero | tr '\\0' '\\377' > large; chmod $((400 + folder % 2 * 44)) file1
   ln -s ../folder$folder/file2 link; ln file3 hard)
done
find $SCRATCH/made -exec touch -h -d @1234567890 {} +
tar -C $SCRATCH/made -cf $SCRATCH/tree.tar .
`;

export const TREES = workloads({ procedure: 'trees', clause: 'RFC 1813 §3.3' }, [
  workload(
    'untar',
    'tar: a tree of 880 files comes out the same, modes, links and times too',
    { needs: ['tar'] },
    async (t) => {
      const listing = "LC_ALL=C find . -printf '%p %y %m %s %T@ %l\\n' | grep -v ' d ' | sort";
      await t.one.must(
        `${MAKE_TREE}
       mkdir tree
       tar -C tree -xf $SCRATCH/tree.tar
       ${DROP_CACHES}
       diff -r --no-dereference $SCRATCH/made tree | head -20
       diff <(cd $SCRATCH/made && ${listing}) <(cd tree && ${listing}) | head -20
       test "$(stat -c %h tree/level1/folder1/hard)" = 2
       rm -r tree; ! test -e tree`,
        TREE_MS,
      );
    },
  ),
  workload('git', 'git: clone, commit, branch, gc and fsck on the mount', { needs: ['git', 'tar'] }, async (t) => {
    await t.one.must(
      `export HOME=$SCRATCH
       git config --global user.name Client; git config --global user.email client@example.org
       git config --global safe.directory '*'
       ${MAKE_TREE}
       cd $SCRATCH/made; git init -q -b main .; git add .; git commit -q -m Tree; cd - >/dev/null
       git clone -q --no-local $SCRATCH/made clone; cd clone
       git checkout -q -b work
       for n in 1 2 3; do echo "change $n" > level1/change; git add .; git commit -q -m "Change $n"; done
       git mv level1/change level1/moved; git commit -q -m 'Move'
       git gc -q; git fsck --strict
       ${DROP_CACHES}
       git checkout -q main; ! test -e level1/moved
       git checkout -q work; test "$(cat level1/moved)" = 'change 3'
       test -z "$(git status --porcelain)"
       test "$(git rev-list --count HEAD)" = 5
       git clone -q . ../second; diff -r level1 ../second/level1`,
      TREE_MS,
    );
  }),
  workload('copy', 'cp -a there and back keeps contents, owners, modes, times and links', async (t) => {
    await t.one.must(
      `mkdir $SCRATCH/from; echo one > $SCRATCH/from/one; ln $SCRATCH/from/one $SCRATCH/from/two; ln -s one $SCRATCH/from/soft
       chown 4001:4002 $SCRATCH/from/one; chmod 4751 $SCRATCH/from/one; touch -d @1000000000.25 $SCRATCH/from/one
       cp -a $SCRATCH/from there; ${DROP_CACHES} cp -a there $SCRATCH/back
       for at in from back; do (cd $SCRATCH/$at; stat -c '%n %F %a %u %g %s %h %.9Y' one two; readlink soft; cat one) > $SCRATCH/$at.list; done
       diff $SCRATCH/from.list $SCRATCH/back.list`,
    );
  }),
]);
