import type { KeptRecord } from '../state/index.ts';

/** Records whose file cannot be found now: its export is not mounted, or is gone. */
export class DormantRecords {
  private records: KeptRecord[] = [];

  get size(): number {
    return this.records.length;
  }

  add(records: readonly KeptRecord[]): void {
    for (const record of records) this.records.push(record);
  }

  /** Takes records out. */
  take(isMeant: (record: KeptRecord) => boolean): KeptRecord[] {
    const taken = this.records.filter(isMeant);
    if (taken.length > 0) this.records = this.records.filter((record) => !taken.includes(record));
    return taken;
  }

  [Symbol.iterator](): Iterator<KeptRecord> {
    return this.records[Symbol.iterator]();
  }
}
