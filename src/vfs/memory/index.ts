export { MemoryFileSystem, type MemoryOptions } from './file-system.ts';
