import { equal } from '../protocol/expect.ts';
import { linesOf, refused, workload, workloads } from './case.ts';

/** Mounts at a place of its own, looks for what is there, writes, and unmounts. */
const look = (mount: string, there: string) => `
mkdir $SCRATCH/mounted; ${mount} $SCRATCH/mounted
trap 'umount -l $SCRATCH/mounted 2>/dev/null || true' EXIT
test -e $SCRATCH/mounted/${there}; echo by the other mount > $SCRATCH/mounted/written
umount $SCRATCH/mounted; ! grep " $SCRATCH/mounted " /proc/mounts
`;

export const MOUNTING = workloads({ procedure: 'mount', clause: 'RFC 1813 §5.2' }, [
  workload('tcp', 'mount and umount by TCP', async (t) => {
    equal(
      'what was written',
      await t.one.must(`touch here; ${look(t.mounting('proto=tcp'), 'here')} cat written`),
      'by the other mount\n',
    );
  }),
  workload('mount-by-udp', 'the MOUNT protocol by UDP', async (t) => {
    await t.one.must(`touch here; ${look(t.mounting('mountproto=udp'), 'here')}`);
  }),
  workload('below', 'a path below the export', async (t) => {
    await t.one.must(
      `mkdir -p below/it; touch below/it/there; ${look(t.mounting('proto=tcp', '/below/it'), 'there')} test -e below/it/written`,
    );
  }),
  workload('missing', 'a path that is not there is refused', async (t) => {
    await refused(
      t.one,
      `mkdir $SCRATCH/no; ${t.mounting('proto=tcp', '/nothing')} $SCRATCH/no`,
      'No such file or directory',
    );
  }),
  workload('kept', 'what was written is there after umount and mount, and the folder is the same', async (t) => {
    const out = await t.one.must(
      `mkdir $SCRATCH/again
       for round in 1 2; do
         ${t.mounting('proto=tcp,nosharecache')} $SCRATCH/again; echo $round >> $SCRATCH/again/rounds
         stat -c %i $SCRATCH/again/rounds; umount $SCRATCH/again
       done
       cat rounds`,
    );
    const [first, second, ...rounds] = linesOf(out);
    equal('the file number', second, first);
    equal('what was written', rounds, ['1', '2']);
  }),
  workload('small-transfers', 'rsize and wsize of 4096 bytes: a file goes there and back', async (t) => {
    await t.one.must(
      `mkdir $SCRATCH/small; ${t.mounting('rsize=4096,wsize=4096,nosharecache')} $SCRATCH/small
       trap 'umount -l $SCRATCH/small' EXIT
       head -c 1000001 /dev/urandom > $SCRATCH/data; cp $SCRATCH/data $SCRATCH/small/data; sync $SCRATCH/small/data
       echo 3 > /proc/sys/vm/drop_caches
       cmp $SCRATCH/data $SCRATCH/small/data; cmp $SCRATCH/data data`,
    );
  }),
]);
