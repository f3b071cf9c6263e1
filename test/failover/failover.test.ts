import { test } from 'node:test';
import { labMissing, withLab } from '../../conformance/lab/lab.ts';
import { Drill, MISHAPS } from './drill.ts';

const skip = labMissing('perl', 'tcpdump') ?? false;

for (const mishap of MISHAPS) {
  test(`${mishap}, there and back, under load: clients see a pause and nothing else`, { skip }, (t) =>
    withLab(async (lab) => {
      const drill = await Drill.open(lab);
      for (let time = 0; time < 2; time++) {
        const { milliseconds, call, longestCall } = await drill.meet(mishap);
        t.diagnostic(`${mishap}: a pause of ${milliseconds} ms in ${call}; the longest call took ${longestCall} ms`);
      }
      await drill.close();
    }),
  );
}
