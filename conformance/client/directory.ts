import { equal } from '../protocol/expect.ts';
import { DROP_CACHES, linesOf, workload, workloads } from './case.ts';

const STABLE = 10_000;
const LISTING_MS = 300_000;

/** Lists the folder `large` and prints how many stable entries are seen, and how many of them twice. */
export function listLarge(at: string): string {
  return `${DROP_CACHES}
    ls -f ${at}/large > $SCRATCH/listed
    grep -c '^stable-' $SCRATCH/listed; grep '^stable-' $SCRATCH/listed | sort | uniq -d | wc -l`;
}

/** Reads a part of the listing of `shrinking`, removes what was read, and reads on; prints what is left to be seen. */
export const REMOVE_WHILE_LISTING = `perl -e 'opendir(D, "shrinking"); for (1..500) { $_ = readdir(D); /^\\./ or push @first, $_ }
  unlink("shrinking/$_") for @first;
  while (defined($_ = readdir(D))) { /^\\./ or $rest{$_}++ }
  print scalar(@first) + scalar(keys %rest), " ", scalar(grep { $_ > 1 } values %rest), "\\n"'`;

const MAKE = `mkdir large; perl -e 'for (1..${STABLE}) { open F, ">", "large/stable-$_" or die $! }'`;
/** Makes and removes files with names of many lengths until the file named stop is there. */
const CHURN = `perl -e 'sub name { "large/passing-$_[0]-" . "x" x ($_[0] % 200) }
  for ($n = 0; !-e "stop"; $n++) { open F, ">", name($n) or die $!; close F; $n < 100 or unlink name($n - 100) or die $! }'`;

export const DIRECTORY = workloads({ procedure: 'directory', clause: 'RFC 1813 §3.3.16, §3.3.17' }, [
  workload(
    'listed-while-changing',
    `of ${STABLE} entries each is listed exactly once while others come and go`,
    { needs: ['perl'] },
    async (t) => {
      const out = await t.one.must(
        `${MAKE}
       ${CHURN} & churn=$!
       ${listLarge('.')}
       ${listLarge('.')}
       touch stop; wait $churn`,
        LISTING_MS,
      );
      equal('entries seen, and seen twice, in two listings', linesOf(out), [`${STABLE}`, '0', `${STABLE}`, '0']);
    },
  ),
  workload(
    'listed-plainly',
    'the same by READDIR alone (nordirplus)',
    { clause: 'RFC 1813 §3.3.16', needs: ['perl'] },
    async (t) => {
      const out = await t.one.must(
        `${MAKE}
       mkdir $SCRATCH/plain; ${t.mounting('nordirplus,nosharecache')} $SCRATCH/plain
       trap 'umount $SCRATCH/plain' EXIT
       ${CHURN} & churn=$!
       ${listLarge('$SCRATCH/plain')}
       touch stop; wait $churn`,
        LISTING_MS,
      );
      equal('entries seen, and seen twice', linesOf(out), [`${STABLE}`, '0']);
    },
  ),
  workload(
    'listed-while-removed',
    'a listing goes on where it was after its entries are gone',
    { needs: ['perl'] },
    async (t) => {
      const out = await t.one.must(
        `mkdir shrinking; perl -e 'for (1..3000) { open F, ">", "shrinking/file-$_" or die $! }'
       ${DROP_CACHES}
       ${REMOVE_WHILE_LISTING}`,
        LISTING_MS,
      );
      equal('entries seen, and seen twice', out.trim(), '3000 0');
    },
  ),
  workload('seen-by-another', 'what one client makes, another sees, renamed and removed too', async (t) => {
    const two = t.two();
    await t.one.must('echo text > new; mkdir folder');
    equal('what the other client reads', await two.must('ls -d folder; cat new'), 'folder\ntext\n');
    await two.must('mv new folder/moved; echo more >> folder/moved');
    // Attributes of folders may be three seconds old (acdirmin is 30 s at the most; this asks again by opening).
    equal('what the first one reads', await t.one.must(`${DROP_CACHES} ls; cat folder/moved`), 'folder\ntext\nmore\n');
  }),
]);
