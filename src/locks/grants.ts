import type { HeldLock, LockGrant, WaitingLock } from './records.ts';
import type { PendingGrant } from './requests.ts';

/** Waiters that have their lock, as far as the clients do not know it yet. */
export class PendingGrants {
  private readonly byWaiter = new Map<number, Pending>();

  /** `ended` is called once the client knows or has refused, `undo` after that if it has refused. */
  add(grant: LockGrant, mayBeKnown: boolean, ended: () => void, undo: () => Promise<void>): PendingGrant {
    const { id } = grant.waiter;
    const forget = () => {
      this.byWaiter.delete(id);
      ended();
    };
    const pending = new Pending(grant, mayBeKnown, forget, undo);
    this.byWaiter.set(id, pending);
    return pending;
  }

  /** The grant of this very lock. */
  of(wish: Omit<WaitingLock, 'id' | 'tag'>): PendingGrant | undefined {
    for (const pending of this.byWaiter.values()) {
      const { waiter } = pending;
      const isSame =
        waiter.file === wish.file &&
        waiter.owner === wish.owner &&
        waiter.exclusive === wish.exclusive &&
        waiter.start === wish.start &&
        waiter.end === wish.end;
      if (isSame) return pending;
    }
    return undefined;
  }

  confirmAll(isMeant: (waiter: WaitingLock) => boolean): void {
    for (const pending of [...this.byWaiter.values()]) if (isMeant(pending.waiter)) pending.confirm();
  }

  waiters(): WaitingLock[] {
    return [...this.byWaiter.values()].map(({ waiter }) => waiter);
  }
}

class Pending implements PendingGrant {
  readonly waiter: WaitingLock;
  readonly before: readonly HeldLock[];
  private readonly end: () => void;
  private readonly undo: () => Promise<void>;
  readonly mayBeKnown: boolean;
  isPending = true;

  constructor({ waiter, before }: LockGrant, mayBeKnown: boolean, end: () => void, undo: () => Promise<void>) {
    this.mayBeKnown = mayBeKnown;
    this.waiter = waiter;
    this.before = before;
    this.end = end;
    this.undo = undo;
  }

  confirm(): void {
    if (!this.isPending) return;
    this.isPending = false;
    this.end();
  }

  async refuse(): Promise<void> {
    if (!this.isPending) return;
    this.confirm();
    await this.undo();
  }
}
