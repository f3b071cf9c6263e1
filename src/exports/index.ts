export type { Exports, File, FileListing, FileLocator, FoundFile, View } from './contract.ts';
export { ExportsError, type Place, type Problem } from './error.ts';
export { openHandle, sealHandle } from './handle.ts';
export { type MountSource, systemMounts } from './mounts.ts';
export { type NameTimes, type Resolver, systemResolver } from './names.ts';
export type { ExportOptions } from './options.ts';
export { type ExportEntry, exportsForPaths, type HostRule, type ParsedExports, parseExports } from './parse.ts';
export { ExportTable, type ExportTableOptions } from './table.ts';
