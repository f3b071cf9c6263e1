export { rquotaPrograms } from './program.ts';
