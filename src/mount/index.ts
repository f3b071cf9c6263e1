export { mountPrograms } from './program.ts';
export { MOUNTPROG } from './types.ts';
