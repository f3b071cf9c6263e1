import type { Coordinator } from '../coordinator/contract.ts';
import type { HistoryEntry } from '../report.ts';
import { addToHistory } from './documents.ts';
import type { Clock } from './ports.ts';

/** Writes what happened where all nodes read it; later, if the coordinator does not answer now. */
export class HistoryWriter {
  private readonly coordinator: Coordinator;
  private readonly clock: Pick<Clock, 'wall'>;
  private readonly unwritten: HistoryEntry[] = [];
  /** Move orders that have got their line. */
  private readonly settled = new Set<string>();

  constructor(coordinator: Coordinator, clock: Pick<Clock, 'wall'>) {
    this.coordinator = coordinator;
    this.clock = clock;
  }

  /** Something that happened just now. A move order gets one line, the first. */
  add(entry: Omit<HistoryEntry, 'at'>): void {
    if (entry.order !== undefined) {
      if (this.settled.has(entry.order)) return;
      this.settled.add(entry.order);
    }
    this.unwritten.push({ at: this.clock.wall(), ...entry });
  }

  /** @returns the history with it, or undefined if there was nothing to write. Rejects with `CoordinatorLost`. */
  async write(): Promise<readonly HistoryEntry[] | undefined> {
    let history: readonly HistoryEntry[] | undefined;
    for (let [entry] = this.unwritten; entry !== undefined; [entry] = this.unwritten) {
      history = await addToHistory(this.coordinator, entry);
      this.unwritten.shift();
    }
    return history;
  }
}
