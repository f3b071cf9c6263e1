export { type HandleAliases, MemoryAliases } from './aliases.ts';
export { StateError } from './error.ts';
export { openState, type StateOptions } from './lmdb.ts';
export type { KeptLock, KeptRecord, KeptShare, KeptWaiter, LockStore } from './locks.ts';
export { MemoryState } from './memory.ts';
export type { Monitor, MonitorStore, Watcher } from './monitors.ts';
export { type Mount, MountTable } from './mounts.ts';
export type { StateStore } from './store.ts';
